package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pipe in place of a file, as {@code <(COMMAND)} of a shell: its content can be read once. */
class PipeArgumentTest {
    private static final String MAPS =
            "00401000-00402000 r-xp 00001000 08:01 7                                  /no/program\n"
                    + "00402000-00403000 rw-p 00002000 08:01 7                                  /no/program\n";

    @TempDir
    private Path directory;

    /** A pipe with a content and without a writer. */
    private static final class FullPipe implements AutoCloseable {
        private final Process holder = new ProcessBuilder("sleep", "1000").start();

        FullPipe(String content) throws IOException {
            try (OutputStream to = holder.getOutputStream()) {
                to.write(content.getBytes(StandardCharsets.ISO_8859_1));
            }
        }

        String path() {
            return "/proc/" + holder.pid() + "/fd/0";
        }

        @Override
        public void close() {
            holder.destroyForcibly();
        }
    }

    private String file(String content) throws IOException {
        return Files.writeString(directory.resolve("file"), content).toString();
    }

    @Test
    void resolveReadsAllLines() throws Exception {
        try (FullPipe pipe = new FullPipe(MAPS)) {
            CliResult result = CliResult.with("resolve", "--from", pipe.path(), "401010");
            assertThat(result.out())
                    .isEqualTo(CliResult.with("resolve", "--from", file(MAPS), "401010")
                            .out())
                    .startsWith("0x401010  /no/program + 0x1010");
            assertThat(result.code()).isZero();
        }
    }

    @Test
    void statesAreCompared() throws Exception {
        String state;
        try (FullPipe sleeping = new FullPipe("")) {
            state = CliResult.with("save", Long.toString(sleeping.holder.pid())).out();
        }
        for (String content : new String[] {MAPS, state}) {
            try (FullPipe pipe = new FullPipe(content)) {
                CliResult result = CliResult.with("diff", pipe.path(), file(content), "--json");
                assertThat(result.err()).isEmpty();
                assertThat(result.rows())
                        .singleElement()
                        .satisfies(row -> assertThat(row)
                                .containsEntry("mappings", row.get("was_mappings"))
                                .containsEntry("type", "total_change"));
            }
        }
    }

    @Test
    void aPageHasTheMappingsAndTheSamples() throws Exception {
        try (FullPipe state = new FullPipe(MAPS);
                FullPipe samples = new FullPipe("401010\n401010\n")) {
            CliResult result = CliResult.with("html", state.path(), "--samples", samples.path(), "-o", "-");
            assertThat(result.err()).isEmpty();
            assertThat(result.out()).contains("/no/program");
            assertThat(result.code()).isZero();
        }
    }

    @Test
    void aCoreFileIsRefused() throws Exception {
        try (FullPipe pipe = new FullPipe("\u007fELF and more")) {
            CliResult result = CliResult.with("crash", pipe.path());
            assertThat(result.err())
                    .contains("a core file cannot be read from a stream")
                    .hasLineCount(1);
            assertThat(result.code()).isEqualTo(1);
        }
    }
}
