package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mapfiles.saved.Crash.Address.Role;

/**
 * Logs of crashes of each JDK of this machine: those of {@code /usr/lib/jvm}, and those that {@code ci/jdks} has
 * fetched. The system property {@code mapfiles.test.java-homes} names others, separated by colons.
 */
class HsErrOfOtherJdksTest {
    /** Writes to an address that is not mapped, with the class for that of JDK 9 or newer, or of JDK 8. */
    private static final String CRASH = """
            public class Crash {
                public static void main(String[] arguments) throws Exception {
                    Class<?> type;
                    Object unsafe;
                    try {
                        type = Class.forName("jdk.internal.misc.Unsafe");
                        unsafe = type.getMethod("getUnsafe").invoke(null);
                    } catch (ClassNotFoundException e) {
                        type = Class.forName("sun.misc.Unsafe");
                        java.lang.reflect.Field field = type.getDeclaredField("theUnsafe");
                        field.setAccessible(true);
                        unsafe = field.get(null);
                    }
                    type.getMethod("putLong", long.class, long.class).invoke(unsafe, 0x10L, 1L);
                }
            }
            """;

    @TempDir
    static Path directory;

    static List<Path> homes() throws IOException {
        String given = System.getProperty("mapfiles.test.java-homes", "");
        List<Path> candidates = new ArrayList<>();
        for (String home : given.split(":")) {
            candidates.add(Path.of(home));
        }
        if (given.isEmpty()) {
            candidates = new ArrayList<>(below(Path.of("/usr/lib/jvm")));
            for (Path version : below(Path.of("/var/cache/mapfiles-jdks"))) {
                candidates.add(version.resolve("home"));
            }
        }
        Map<Path, Path> real = new LinkedHashMap<>(); // links lead to the same JDK
        for (Path home : candidates) {
            if (Files.isExecutable(home.resolve("bin/java"))) {
                real.put(home.toRealPath(), home);
            }
        }
        return List.copyOf(real.values());
    }

    private static List<Path> below(Path parent) throws IOException {
        if (!Files.isReadable(parent)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(parent)) {
            return all.sorted().toList();
        }
    }

    /** Returns the directory with the class file, which JDK 8 can load; the compiler of a new JDK may refuse that. */
    private static Path classes() throws IOException {
        Path classes = directory.resolve("classes");
        Path source = Files.writeString(directory.resolve("Crash.java"), CRASH);
        int result = 1;
        for (String release : new String[] {"8", "11", "17"}) {
            if (result != 0) {
                result = ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "--release",
                                release,
                                "-nowarn",
                                "-Xlint:-options",
                                "-d",
                                classes.toString(),
                                source.toString());
            }
        }
        assertThat(result).isZero();
        return classes;
    }

    private static int feature(Path home) throws IOException {
        for (String line : Files.readAllLines(home.resolve("release"))) {
            if (line.startsWith("JAVA_VERSION=")) {
                String version = line.replaceAll(".*=\"(1\\.)?(\\d+).*", "$2");
                return Integer.parseInt(version);
            }
        }
        throw new AssertionError(home + " has no version");
    }

    /** Crashes a JVM of a JDK. Returns its log. */
    private static Path crash(Path home) throws Exception {
        Path log = directory.resolve("hs_err" + Integer.toHexString(home.hashCode()) + ".log");
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -c 0; exec \"$@\"", "sh"));
        command.add(home.resolve("bin/java").toString());
        if (feature(home) >= 9) {
            command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
        }
        command.addAll(List.of("-XX:ErrorFile=" + log, "-Xmx64m", "-Xint"));
        command.addAll(List.of("-cp", classes().toString(), "Crash"));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assumeTrue(Files.exists(log), () -> "the JVM of " + home + " does not run here");
        return log;
    }

    @ParameterizedTest
    @MethodSource("homes")
    void theLogHasTheCrash(Path home) throws Exception {
        Path log = crash(home);
        SavedMaps saved = SavedMaps.read(log);
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.source()).isEqualTo(SavedMaps.Source.HS_ERR);
        assertThat(saved.pid()).isPresent();
        List<String> mappings = Files.readAllLines(log).stream()
                .filter(line -> line.matches("[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] .*"))
                .toList();
        assertThat(saved.snapshot().size()).isEqualTo(mappings.size()).isGreaterThan(20);
        Crash crash = saved.crash().orElseThrow();
        assertThat(crash.signal()).isEqualTo("SIGSEGV");
        assertThat(crash.runtime()).contains("VM");
        assertThat(crash.commandLine()).contains("Crash");
        assertThat(crash.earliest()).isPresent();
        Crash.Address pc = only(crash, Role.PC);
        assertThat(String.valueOf(
                        saved.snapshot().at(pc.address()).orElseThrow().name()))
                .endsWith("libjvm.so");
        assertThat(only(crash, Role.FAULT).address()).isEqualTo(0x10);
        assertThat(crash.addresses())
                .filteredOn(address -> address.role() == Role.REGISTER)
                .anyMatch(register -> register.address() == pc.address())
                .anyMatch(register -> crash.isInStack(register.address()));
        List<Crash.Address> frames = crash.addresses().stream()
                .filter(address -> address.role() == Role.FRAME)
                .toList();
        assertThat(frames.get(0).address()).isEqualTo(pc.address());
        assertThat(frames)
                .filteredOn(Crash.Address::isKnown)
                .hasSizeGreaterThan(3)
                .allMatch(frame ->
                        saved.snapshot().at(frame.address()).orElseThrow().isExecutable());
        assertThat(frames).anyMatch(frame -> frame.text().contains("Crash.main"));
    }

    private static Crash.Address only(Crash crash, Role role) {
        List<Crash.Address> all = crash.addresses().stream()
                .filter(address -> address.role() == role)
                .toList();
        assertThat(all).as("%s", role).hasSize(1);
        return all.get(0);
    }
}
