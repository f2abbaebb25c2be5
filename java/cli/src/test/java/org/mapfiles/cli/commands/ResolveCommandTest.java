package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;

/** What does {@code mapfiles resolve} make of addresses, from arguments and from a stream? */
class ResolveCommandTest {
    private long start;
    private long end;
    private long offset;
    private String path;

    @BeforeEach
    void lookUpCode() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            MapCursor mapping = self.snapshot(MapFilter.all().executable().fileBacked()).cursor();
            while (mapping.next() && !mapping.name().endsWith("/libjvm.so")) {
                continue;
            }
            start = mapping.start();
            end = mapping.end();
            offset = mapping.offset();
            path = mapping.name();
        }
    }

    @Test
    void aLineSaysFileOffsetPermissionsAndRange() {
        CliResult ran = CliResult.with("resolve", "self", "0x" + Long.toHexString(start + 0x123));
        assertThat(ran.out()).isEqualTo("0x" + Long.toHexString(start + 0x123) + "  " + path + " + 0x"
                + Long.toHexString(offset + 0x123) + "  r-xp  " + Long.toHexString(start) + "-" + Long.toHexString(end) + "\n");
        assertThat(ran.code()).isZero();
    }

    @Test
    void jsonHasTheSameAndNullsForAnAddressInNoMapping() throws Exception {
        CliResult ran = CliResult.with("resolve", "self", Long.toHexString(start).toUpperCase(), "0X0", "--json");
        List<Map<String, Object>> lines = ran.objects();
        assertThat(lines.get(0)).containsExactly(Map.entry("address", "0x" + Long.toHexString(start)),
                Map.entry("start", "0x" + Long.toHexString(start)), Map.entry("end", "0x" + Long.toHexString(end)),
                Map.entry("perms", "r-xp"), Map.entry("path", path), Map.entry("file_offset", "0x" + Long.toHexString(offset)),
                Map.entry("deleted", false));
        assertThat(lines.get(1)).containsEntry("address", "0x0").containsEntry("start", null).containsEntry("file_offset", null);
        assertThat(ran.code()).as("one is in no mapping").isEqualTo(1);
    }

    @Test
    void aMillionLinesComeBackInOrder() {
        int count = 1_000_000;
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < count; i++) {
            input.append(Long.toHexString(start + i % 4096)).append('\n');
        }
        CliResult ran = CliResult.reading(input.toString(), "resolve", "self", "-");
        assertThat(ran.code()).isZero();
        int[] line = {0};
        ran.out().lines().forEach(text -> {
            assertThat(text.startsWith("0x" + Long.toHexString(start + line[0] % 4096) + "  ")).as("line %s", line[0]).isTrue();
            line[0]++;
        });
        assertThat(line[0]).isEqualTo(count);
    }

    @Test
    void aBadLineIsNamedAndWhatCameBeforeIsNotLost() {
        CliResult ran = CliResult.reading(Long.toHexString(start) + "\n\n  0x0 \r\nfrog\n1\n", "resolve", "self", "-");
        assertThat(ran.lines()).hasSize(2);
        assertThat(ran.err()).contains("line 4").contains("frog").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(CliResult.reading("0\nfrog\n", "resolve", "self", "-", "--json").out()).endsWith("}\n").doesNotEndWith("\n\n");
    }

    @Test
    void badAddressesAsArgumentsPrintNothing() {
        for (String bad : List.of("frog", "0x", "", "11112222333344445", "-1", "0x1 2")) {
            CliResult ran = CliResult.with("resolve", "self", Long.toHexString(start), bad);
            assertThat(ran.code()).as(bad).isEqualTo(2);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).hasLineCount(1).contains(bad.length() > 16 ? "64 bits" : "");
        }
    }

    @Test
    void theLastLineNeedsNoNewlineAndALineMayBeAbsurdlyLong() {
        assertThat(CliResult.reading("0", "resolve", "self", "-").lines()).containsExactly("0x0  in no mapping");
        assertThat(CliResult.reading("0\n" + "1".repeat(1_000_000), "resolve", "self", "-").code()).isEqualTo(2);
    }

    /** A caller that writes one address, and waits for the line that answers, gets all of the line. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--json"})
    void answersComeWhileTheInputPauses(String option) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("resolve", "self", "-"));
        arguments.addAll(option.isEmpty() ? List.of() : List.of(option));
        PipedOutputStream input = new PipedOutputStream();
        PipedInputStream answers = new PipedInputStream(1 << 16);
        try (PipedInputStream in = new PipedInputStream(input); PipedOutputStream out = new PipedOutputStream(answers)) {
            Thread command = new Thread(() -> Main.run(arguments.toArray(String[]::new), in, out, System.err));
            command.start();
            for (int i = 0; i < 3; i++) {
                input.write((Long.toHexString(start + i) + "\n").getBytes());
                input.flush();
                assertThat(lineOf(answers)).contains("0x" + Long.toHexString(start + i)).endsWith("\n");
            }
            input.close();
            command.join(30_000);
            assertThat(command.isAlive()).isFalse();
        }
    }

    /** One line with its end, or what of it came within 30 seconds. */
    private static String lineOf(InputStream answers) throws Exception {
        StringBuilder line = new StringBuilder();
        for (long end = System.nanoTime() + 30_000_000_000L; line.indexOf("\n") < 0 && System.nanoTime() < end; ) {
            if (answers.available() > 0) {
                line.append((char) answers.read());
            } else {
                Thread.sleep(2);
            }
        }
        return line.toString();
    }

    @Test
    void noAddressIsNoLine() {
        for (String[] arguments : new String[][] {{"resolve", "self", "-"}, {"resolve", "self", "-", "--json"}}) {
            CliResult ran = CliResult.reading("", arguments);
            assertThat(ran.code()).isZero();
            assertThat(ran.out()).isEmpty();
        }
    }

    @Test
    void leadingZerosAndBlanksAreNoHarm() {
        CliResult ran = CliResult.with("resolve", "self", "0x0000000000000000001", " 2 ");
        assertThat(ran.out()).startsWith("0x1  in no mapping\n0x2  in no");
        assertThat(CliResult.with("resolve", "self", "0x1", "-").err()).contains("stands alone");
    }

    @Test
    void aBadLineReachesNoTerminalAsItIs() {
        assertThat(CliResult.reading("\033[2Jx\n", "resolve", "self", "-").err()).doesNotContain("\033").contains("\\x1b[2Jx");
    }
}
