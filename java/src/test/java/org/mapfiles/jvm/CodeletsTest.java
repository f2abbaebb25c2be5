package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;

/** Compares the codelets of the interpreter of another JVM with those that it prints (InterpreterCodelet::print_on). */
class CodeletsTest {
    /**
     * A codelet has a head of 16 bytes; its code follows at an aligned address (CodeEntryAlignment, up to 64 bytes).
     */
    private static final long MIN_HEAD = 16;

    private static final long MAX_HEAD = 16 + 64;
    private static final Pattern CODELET =
            Pattern.compile("(\\S.*?)  (?:\\d+ \\S+  )?\\[0x(\\w+), 0x(\\w+)\\]  \\d+ bytes");

    private record Codelet(String name, long start, long end) {
        static Codelet of(CodeInfo info) {
            return new Codelet(info.name(), info.start(), info.end());
        }
    }

    /** Waits until its input ends. */
    static final class Main {
        private Main() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }

    /** Returns the codelets without their heads. */
    private static List<Codelet> printed(BufferedReader in) throws IOException {
        List<Codelet> printed = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.equals("READY"); line = in.readLine()) {
            Matcher matcher = CODELET.matcher(line);
            if (matcher.matches()) {
                printed.add(new Codelet(
                        matcher.group(1),
                        Long.parseUnsignedLong(matcher.group(2), 16),
                        Long.parseUnsignedLong(matcher.group(3), 16)));
            }
        }
        return printed;
    }

    @Test
    void nameStartAndEndAreThoseOfTheCodelet() throws Exception {
        Process process = new ChildJvm()
                .with("-XX:+UnlockDiagnosticVMOptions", "-XX:+PrintInterpreter")
                .start(Main.class);
        try {
            List<Codelet> printed = printed(process.inputReader());
            assertThat(printed)
                    .hasSizeGreaterThan(200)
                    .extracting(Codelet::name)
                    .contains("iload_0", "invokevirtual");
            try (ProcessMaps maps = ProcessMaps.of(process.pid());
                    JvmCodeReader reader = JvmCodeReader.of(maps)) {
                CodeInfo info = new CodeInfo();
                long end = 0;
                for (Codelet codelet : printed) {
                    assertThat(reader.find(codelet.start, info)).isTrue();
                    Codelet found = Codelet.of(info);
                    assertThat(found.name).isEqualTo(codelet.name);
                    assertThat(codelet.start - found.start).as(codelet.name).isBetween(MIN_HEAD, MAX_HEAD);
                    assertThat(found.end).as(codelet.name).isEqualTo(codelet.end);
                    assertThat(found.start).as(codelet.name).isGreaterThanOrEqualTo(end);
                    assertThat(info.toString()).isEqualTo("Interpreter " + codelet.name);
                    for (long address : new long[] {found.start, codelet.end - 1}) {
                        assertThat(reader.find(address, info)).isTrue();
                        assertThat(Codelet.of(info)).isEqualTo(found);
                    }
                    assertThat(reader.find(codelet.end, CodeInfo.AddressKind.RETURNS_TO, info))
                            .isTrue();
                    assertThat(Codelet.of(info)).isEqualTo(found);
                    end = found.end;
                }
            }
        } finally {
            process.destroyForcibly();
        }
    }
}
