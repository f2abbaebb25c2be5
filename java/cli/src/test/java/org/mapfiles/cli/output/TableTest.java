package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables, sizes and names in columns of a terminal. */
class TableTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    /** The time of {@link Progress}, in nanoseconds. */
    private long now = Long.MAX_VALUE - 700_000_000; // it wraps, as System.nanoTime() may

    private Terminal terminal(int width) {
        return new Terminal(InputStream.nullInputStream(), out, err, width);
    }

    private List<String> printed(Terminal terminal, Table table) throws Exception {
        table.print();
        terminal.flush();
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static void fill(Table table) throws Exception {
        table.right("FIRST")
                .fixed(9)
                .right("COUNT")
                .optional(1)
                .left("KIND")
                .optional(2)
                .left("NAME")
                .endOfHead();
        table.cell("12-34")
                .cell("7")
                .cell("file")
                .cell("/a/long/path/to/some/library.so")
                .endOfRow();
        table.cell("ffffffffffff-fffffffff")
                .cell("12")
                .cell("x")
                .cell("[vsyscall]")
                .endOfRow();
    }

    @Test
    void proseGoesOnInTheNextLines() throws Exception {
        Terminal terminal = terminal(30);
        Table table = new Table(terminal).left("CHECK").left("FINDING").prose();
        table.endOfHead();
        table.cell("events").cell("the kernel denies them: have CAP_PERFMON").endOfRow();
        table.cell("files").cell("/a/path/that/has/no/blank/in/it and more").endOfRow();
        assertThat(printed(terminal, table))
                .containsExactly(
                        "CHECK   FINDING",
                        "events  the kernel denies",
                        "        them: have CAP_PERFMON",
                        "files   /a/path/tha…lank/in/it",
                        "        and more");
    }

    @Test
    void aPipeHasWholeRows() throws Exception {
        Terminal terminal = new Terminal(InputStream.nullInputStream(), out, err, false);
        Table table = new Table(terminal);
        fill(table);
        assertThat(printed(terminal, table))
                .containsExactly(
                        "    FIRST  COUNT  KIND  NAME",
                        "    12-34      7  file  /a/long/path/to/some/library.so",
                        "ffffffffffff-fffffffff     12  x     [vsyscall]");
    }

    @Test
    void aTerminalLeavesOutColumnsAndTheMiddleOfNames() throws Exception {
        Terminal terminal = terminal(36);
        Table table = new Table(terminal);
        fill(table);
        assertThat(printed(terminal, table))
                .containsExactly(
                        "    FIRST  COUNT  NAME",
                        "    12-34      7  /a/lon\u2026/library.so",
                        "ffffffffffff-fffffffff     12",
                        "    [vsyscall]");
    }

    /** A name of a few characters and an ellipsis would name nothing. */
    @Test
    void aNameWithoutRoomHasALineOfItsOwn() throws Exception {
        Terminal terminal = terminal(30);
        Table table = new Table(terminal).left("KIND").left("RANGE").left("NAME");
        table.endOfHead();
        table.cell("file")
                .cell("123456789-123456789")
                .cell("/a/path/to/a/library.so")
                .endOfRow();
        table.cell("file").cell("123456789-123456789").cell("").endOfRow();
        assertThat(printed(terminal, table))
                .containsExactly(
                        "KIND  RANGE",
                        "    NAME",
                        "file  123456789-123456789",
                        "    /a/path/to/a/library.so",
                        "file  123456789-123456789");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1B",
        "1023, 1023B",
        "1024, 1K",
        "4096, 4K",
        "4097, 4K",
        "4608, 4.5K",
        "102347, 99.9K",
        "102399, 100K",
        "1048575, 1M",
        "1572864, 1.5M",
        "9223372036854775807, 8E",
        "-1, 18446744073709551615"
    })
    void sizesHaveOneStyle(long bytes, String text) {
        assertThat(Sizes.human(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 10, 17, 40})
    void namesAreShortenedToTheirColumns(int columns) {
        for (String name : List.of(
                "/usr/lib/x86_64-linux-gnu/libc.so.6",
                "a name without a slash that is long enough",
                "/\u65e5\u672c\u8a9e/\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e",
                "/e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301/\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00/x")) {
            String shortened = TextWidth.shortened(name, columns);
            assertThat(TextWidth.of(shortened)).as(shortened).isLessThanOrEqualTo(columns);
            assertThat(new String(shortened.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                    .as("no half of a character")
                    .isEqualTo(shortened);
        }
        assertThat(TextWidth.of("\u65e5\u672c")).isEqualTo(4);
        assertThat(TextWidth.of("e\u0301")).isEqualTo(1);
    }

    @Test
    void theLastPartOfAPathIsKept() {
        assertThat(TextWidth.shortened("/usr/lib/x86_64-linux-gnu/libc.so.6", 20))
                .isEqualTo("/usr/lib/\u2026/libc.so.6");
    }

    /** The total is counted when it is shown for the first time. It is not less than what is done. */
    @Test
    void aTotalThatTakesTimeIsCountedOnce() {
        int[] counted = {0};
        try (Progress progress = new Progress(terminal(80), "reading", () -> now)) {
            now += 600_000_000;
            progress.update(1, () -> 5 + counted[0]++, "processes");
            now += 300_000_000;
            progress.update(6, () -> 5 + counted[0]++, "processes");
        }
        assertThat(counted[0]).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("\r\033[Kreading: 1 of 5 processes\r\033[Kreading: 6 of 6 processes\r\033[K");
    }

    /** Progress is shown after half a second, then each fifth of a second, and only on a terminal. */
    @Test
    void longWorkShowsProgressOnATerminalOnly() {
        for (Terminal terminal : List.of(new Terminal(InputStream.nullInputStream(), out, err, false), terminal(80))) {
            assertThat(err.size()).isZero();
            try (Progress progress = new Progress(terminal, "reading", () -> now)) {
                now += 499_999_999;
                progress.update(1, 10, "processes");
                assertThat(err.size()).as("short work").isZero();
                now++;
                progress.update(2, 10, "processes");
                now += 199_999_999;
                progress.update(3, 10, "processes");
                now++;
                progress.update(4, 10, "processes");
            }
        }
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("\r\033[Kreading: 2 of 10 processes\r\033[Kreading: 4 of 10 processes\r\033[K");
    }

    /** stale --all --json prints rows before the end. */
    @Test
    void outputRemovesTheProgressThatIsShown() throws Exception {
        Terminal terminal = new Terminal(InputStream.nullInputStream(), err, err, 80);
        terminal.showProgress("checking: 1 of 2 processes");
        terminal.out().write("row\n".getBytes(StandardCharsets.UTF_8));
        terminal.flush();
        terminal.removeProgress();
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("\r\033[Kchecking: 1 of 2 processes\r\033[Krow\n");
    }
}
