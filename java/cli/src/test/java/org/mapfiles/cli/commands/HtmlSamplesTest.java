package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.TestJvm;

/** {@code mapfiles html --samples}. */
class HtmlSamplesTest {
    private static final String NAME_COLUMN = " ".repeat(33);
    private static final String MAPS = "00400000-00402000 r--p 00000000 08:01 7 " + NAME_COLUMN + "/bin/a\n"
            + "00402000-00405000 r-xp 00002000 08:01 7 " + NAME_COLUMN + "/bin/a\n"
            + "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n";

    @TempDir
    Path directory;

    /** Returns the numbers of a field of the page's states, one list for each state. */
    private static List<List<Long>> numbers(String page, String field) throws Exception {
        int start = page.indexOf("id=\"data\">") + 10;
        List<List<Long>> all = new ArrayList<>();
        try (JsonParser json =
                new JsonFactory().createParser(page.substring(start, page.indexOf("</script>", start)))) {
            while (json.nextToken() != null) {
                if (json.currentToken() == JsonToken.FIELD_NAME
                        && json.currentName().equals(field)) {
                    List<Long> numbers = new ArrayList<>();
                    for (json.nextToken(); json.currentToken() != JsonToken.END_ARRAY; json.nextToken()) {
                        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                            numbers.add(json.getLongValue());
                        }
                        if (numbers.size() == 1 && json.getParsingContext().inObject()) {
                            break; // the field is a number
                        }
                    }
                    all.add(numbers);
                }
            }
        }
        return all;
    }

    private String file(String name, String text) throws Exception {
        return Files.writeString(directory.resolve(name), text).toString();
    }

    @Test
    void samplesOfAFileAreCountedInEachMapping() throws Exception {
        String samples =
                file("samples", "402000\n0x404fff\n\n401fff\n405000\nffffffff81000000\n7f0000000fff\n402010\n");
        CliResult result = CliResult.with("html", file("maps", MAPS), "--samples", samples, "-o", "-");
        assertThat(result.code()).isZero();
        assertThat(result.err()).contains("2 of 7 samples are in no mapping").hasLineCount(1);
        assertThat(numbers(result.out(), "samples")).containsExactly(List.of(0L, 1L, 0L, 3L, 0L, 1L));
        assertThat(numbers(result.out(), "unmapped")).containsExactly(List.of(2L));
        assertThat(result.out())
                .contains("<th>Samples<th>", "<tr><td>402000-405000<td>r-xp<td>12K<td>?<td>3<td>file<td>/bin/a\n")
                .contains("<p>2 samples are in no mapping.</p>");
    }

    private void assertThatTwoSamplesAreInTheCode(String samples) throws Exception {
        CliResult result = CliResult.with("html", file("maps", MAPS), "--samples", file("samples", samples), "-o", "-");
        assertThat(result.err()).isEmpty();
        assertThat(numbers(result.out(), "samples")).containsExactly(List.of(1L, 2L));
    }

    /** A thread may have any name. */
    @Test
    void theHeadOfAThreadWhoseNameBeginsWithBlanksIsNoSourceLine() throws Exception {
        assertThatTwoSamplesAreInTheCode("""
                a  47/48 [000]\s
                \t          2010 leaf (/bin/a)

                  b  47/49 [001]\s
                \t          2020 leaf (/bin/a)

                """);
    }

    @Test
    void sourceLinesOfPerfBeginNoSample() throws Exception {
        assertThatTwoSamplesAreInTheCode("""
                a  47/48\s
                \t          2010 leaf (/bin/a)
                  my source.c:3
                \t          3010 outer (/bin/a)
                  a.c:7

                a  47/48\s
                \t          2020 leaf (/bin/a)
                  a[2020]
                \t          0010 outer (/bin/a)
                """);
    }

    @Test
    void aPageWithoutSamplesHasNone() throws Exception {
        String page = CliResult.with("html", file("maps", MAPS), "-o", "-").out();
        assertThat(numbers(page, "samples")).isEmpty();
        assertThat(page).doesNotContain("<th>Samples");
    }

    @Test
    void noSampleIsReported() throws Exception {
        CliResult result = CliResult.reading("", "html", file("maps", MAPS), "--samples", "-", "-o", "-");
        assertThat(result.err())
                .startsWith("mapfiles: there are no samples of ")
                .hasLineCount(1);
    }

    @Test
    void aLineThatCannotBeUsedIsReported() throws Exception {
        CliResult result =
                CliResult.reading("402000\nnonsense\n", "html", file("maps", MAPS), "--samples", "-", "-o", "-");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("a line cannot be used", "line 2", "nonsense");
        assertThat(numbers(result.out(), "samples")).containsExactly(List.of(1L, 1L));
    }

    /** A stack is one sample. Samples of other processes are not those of the page. */
    @Test
    void theFirstFrameOfAStackOfPerfCounts() throws Exception {
        String head =
                "{\"version\":1,\"type\":\"saved\",\"pid\":7,\"started\":1,\"boot_id\":\"x\",\"process_name\":\"a\",\"saved_at\":null}\n";
        String rest =
                "{\"version\":1,\"type\":\"saved_mapping\",\"pid\":7,\"start\":\"0x402000\",\"end\":\"0x405000\",\"size\":12288,\"perms\":\"r-xp\",\"offset\":\"0x2000\","
                        + "\"dev_major\":8,\"dev_minor\":1,\"inode\":7,\"kind\":\"file\",\"path\":\"/bin/a\",\"deleted\":false,\"build_id\":null,\"rss\":null,\"swap\":null}\n"
                        + "{\"version\":1,\"type\":\"saved_end\",\"pid\":7,\"mappings\":1}\n";
        String script = "a 7/8 [000] 46489.423184:    2000000 cpu-clock: \n"
                + "\t          402100 leaf+0x1 (/bin/a)\n\t          402200 caller+0x2 (/bin/a)\n\n"
                + "b 9/9 [000] 46489.5:    2000000 cpu-clock: \n\t          402100 leaf+0x1 (/bin/a)\n\n"
                + "a 7/8 46489.6:    2000000 cpu-clock:      402300 leaf+0x9 (/bin/a)\n"
                + "a 8 46489.6:    2000000 cpu-clock:      ffffffff81000000 [unknown] ([kernel.kallsyms])\n"
                + "a 8 46489.6:    2000000 cpu-clock: \n";
        CliResult result = CliResult.reading(script, "html", file("saved", head + rest), "--samples", "-", "-o", "-");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err())
                .contains(
                        "1 of 3 samples are in no mapping",
                        "1 sample is left out, of other processes than 7",
                        "1 sample is left out, without a frame");
        assertThat(numbers(result.out(), "samples")).containsExactly(List.of(0L, 2L));
    }

    @Test
    void samplesOfTwoStatesAreCountedInEach() throws Exception {
        String later = MAPS.substring(MAPS.indexOf('\n') + 1);
        String samples = file("samples", "400000\n402000\n");
        CliResult result =
                CliResult.with("html", file("maps", MAPS), file("later", later), "--samples", samples, "-o", "-");
        assertThat(numbers(result.out(), "samples")).containsExactly(List.of(0L, 1L, 0L, 1L), List.of(0L, 1L));
        assertThat(numbers(result.out(), "unmapped")).containsExactly(List.of(0L), List.of(1L));
    }

    /** The regions of a JVM are parts of mappings: each sample is in one of them. */
    @Test
    void eachSampleOfAJvmIsCountedOnce() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            StringBuilder samples = new StringBuilder();
            List<Map<String, Object>> mappings =
                    CliResult.with("maps", jvm.pid(), "--json").rows();
            for (Map<String, Object> mapping : mappings) {
                samples.append(mapping.get("start")).append('\n');
            }
            CliResult result = CliResult.reading(samples + "0x10\n", "html", jvm.pid(), "--samples", "-", "-o", "-");
            assertThat(result.code()).as(result.err()).isZero();
            List<Long> pairs = numbers(result.out(), "samples").get(0);
            long sum = 0;
            for (int i = 1; i < pairs.size(); i += 2) {
                sum += pairs.get(i);
            }
            // the JVM may have mapped or unmapped memory since its mappings were listed
            assertThat(sum).isBetween(mappings.size() - 10L, (long) mappings.size());
            assertThat(numbers(result.out(), "unmapped").get(0).get(0)).isEqualTo(mappings.size() + 1 - sum);
        }
    }

    @Test
    void aRecordingTakesNoSamples() throws Exception {
        String row =
                "{\"version\":1,\"type\":\"added\",\"pid\":7,\"time\":\"2036-01-02T03:04:05.006Z\",\"exact\":true,\"after\":null,\"start\":\"0x1000\",\"end\":\"0x2000\","
                        + "\"size\":4096,\"perms\":\"rw-p\",\"offset\":\"0x0\",\"dev_major\":0,\"dev_minor\":0,\"inode\":0,\"kind\":\"anonymous\",\"path\":null,\"deleted\":false,\"continued\":false}\n";
        CliResult result = CliResult.reading("1000\n", "html", file("recording", row), "--samples", "-", "-o", "-");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("samples are counted in one");
    }

    @Test
    void samplesOfPerfAreReadAsTheyAre() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/perf")), "no perf is installed: apt-get install linux-perf");
        Process busy = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            Path data = directory.resolve("perf.data");
            Process record = new ProcessBuilder(
                            "perf",
                            "record",
                            "-q",
                            "-e",
                            "cpu-clock:u",
                            "-g",
                            "-F",
                            "200",
                            "-o",
                            data.toString(),
                            "-p",
                            Long.toString(busy.pid()),
                            "--",
                            "sleep",
                            "1")
                    .redirectErrorStream(true)
                    .start();
            String output = new String(record.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assumeTrue(record.waitFor() == 0, "perf record: " + output);
            Process script = new ProcessBuilder("perf", "script", "-i", data.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            long samples =
                    text.lines().filter(line -> line.contains("cpu-clock")).count();
            assumeTrue(samples > 0, "perf has recorded no sample");
            CliResult result = CliResult.reading(text, "html", Long.toString(busy.pid()), "--samples", "-", "-o", "-");
            assertThat(result.code()).as(result.err()).isZero();
            List<Long> pairs = numbers(result.out(), "samples").get(0);
            long sum = numbers(result.out(), "unmapped").get(0).get(0);
            for (int i = 1; i < pairs.size(); i += 2) {
                sum += pairs.get(i);
            }
            assertThat(sum).isEqualTo(samples);
            assertThat(pairs).isNotEmpty();
        } finally {
            busy.destroyForcibly();
        }
    }
}
