package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.output.Printable;

/** No command prints characters that a terminal obeys, whatever the names of files, threads and arguments are. */
class HostileNameTest {
    /**
     * The name as a format of printf(1): ESC, DEL, U+009B, a bidirectional override, a zero-width space, a line
     * separator, a byte order mark, a tag, a variation selector, a byte that is not UTF-8, an ordinary letter, a
     * backslash, a newline.
     */
    private static final String PRINTF =
            "evil\\033[2J\\177\\302\\233\\342\\200\\256\\342\\200\\213\\342\\200\\250\\357\\273\\277\\363\\240\\201\\201"
                    + "\\357\\270\\217\\377\\303\\274\\134\\012.end";

    private static final String ESCAPED =
            "/evil\\x1b[2J\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x80\\x8b\\xe2\\x80\\xa8\\xef\\xbb\\xbf\\xf3\\xa0\\x81\\x81"
                    + "\\xef\\xb8\\x8f\\xff\u00fc\\\\\\n.end";
    private static final String DECODED = "/evil\033[2J\177\u009b\u202e\u200b\u2028\ufeff" + Character.toString(0xe0041)
            + "\ufe0f\ufffd\u00fc\\\n.end";
    /** Written without the code under test: categories of Unicode, variation selectors, and U+FFFD for a lost byte. */
    private static final Pattern HIDDEN =
            Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\ufe00-\ufe0f\ufffd&&[^\\n]]");

    @TempDir
    Path directory;

    private Process hostile;
    private Process second;

    /** Starts two processes that will run a copy of sleep(1) with that name. */
    @BeforeEach
    void start() throws Exception {
        hostile = start("cp /bin/sleep \"$program\"");
        second = start("true");
    }

    private Process start(String first) throws IOException {
        String script =
                "set -e; program=$1/$(printf '" + PRINTF + "'); " + first + "; echo; read go; exec \"$program\" 1000";
        Process process = new ProcessBuilder(
                        "sh", "-c", script, "sh", directory.toRealPath().toString())
                .start();
        assertThat(process.getInputStream().read()).isEqualTo('\n');
        return process;
    }

    @AfterEach
    void end() throws Exception {
        hostile.destroyForcibly().waitFor();
        second.destroyForcibly().waitFor();
    }

    private static String go(Process process) throws Exception {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        String pid = Long.toString(process.pid());
        while (!CliResult.with("maps", pid).out().contains(".end")
                || !Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
                        .startsWith("/")) { // it is empty during execve(2)
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(5);
        }
        return pid;
    }

    private static CliResult clean(String... arguments) {
        CliResult result = CliResult.with(arguments);
        assertThat(HIDDEN.matcher(result.out()).find())
                .as("%s: %s", List.of(arguments), result.out())
                .isFalse();
        assertThat(HIDDEN.matcher(result.err()).find())
                .as("%s: %s", List.of(arguments), result.err())
                .isFalse();
        return result;
    }

    private void assertEscaped(String... arguments) throws IOException {
        assertThat(clean(arguments).out()).as("%s", List.of(arguments)).contains(ESCAPED);
    }

    private void assertDecodes(String field, String... arguments) throws IOException {
        CliResult result = CliResult.with(arguments);
        assertThat(HIDDEN.matcher(result.out().replace("\ufffd", "")).find())
                .as("%s: %s", List.of(arguments), result.out())
                .isFalse();
        assertThat(result.rows()).as("%s", List.of(arguments)).anySatisfy(row -> {
            assertThat(String.valueOf(row.get(field))).endsWith(DECODED);
            byte[] raw = Base64.getDecoder().decode(String.valueOf(row.get(field + "_base64")));
            assertThat(Printable.text(raw)).endsWith(ESCAPED);
        });
    }

    @Test
    void everyCommandEscapesNames() throws Exception {
        String pid = go(hostile);
        String other = go(second);
        String start = (String) CliResult.with("maps", pid, "--json").rows().stream()
                .filter(mapping -> String.valueOf(mapping.get("path")).endsWith(".end"))
                .map(mapping -> mapping.get("start"))
                .findFirst()
                .orElseThrow();
        assertEscaped("maps", pid);
        assertEscaped("maps", pid, "--exec");
        assertEscaped("count", pid);
        assertEscaped("files", pid);
        assertEscaped("resolve", pid, start);
        assertEscaped("shared", pid, other, "--private");
        assertDecodes("path", "maps", pid, "--json");
        assertDecodes("group", "count", pid, "--json");
        assertDecodes("path", "files", pid, "--json");
        assertDecodes("path", "resolve", pid, start, "--json");
        assertThat(clean("count", pid, "--by", "ext").out()).contains(".end");
    }

    @Test
    void messagesEscapeNames() throws Exception {
        String pid = go(hostile);
        String start =
                (String) CliResult.with("maps", pid, "--json").rows().get(0).get("start");
        assertThat(clean("cat", pid, start + "-" + start).err())
                .contains("the mapping there is")
                .contains(ESCAPED);
        assertThat(clean("cat", pid, "no\u202esuch\u009bfile\177").err())
                .contains("no\\xe2\\x80\\xaesuch\\xc2\\x9bfile\\x7f");
        assertThat(clean("maps", "no\u202esuch\033process").err()).contains("no\\xe2\\x80\\xaesuch\\x1bprocess");
        assertThat(clean("frog\u200b").err()).contains("frog\\xe2\\x80\\x8b");
        assertThat(clean("resolve", pid, "\u2028").err()).contains("\\xe2\\x80\\xa8");
        assertThat(clean("count", pid, "--by", "\udc80").err()).contains("\\xed\\xb2\\x80");
    }

    @Test
    void watchEscapesNames() throws Exception {
        for (boolean json : new boolean[] {false, true}) {
            Process process = json ? second : hostile;
            RunningWatch watch =
                    RunningWatch.initial(Long.toString(process.pid()), json ? new String[] {"--json"} : new String[0]);
            go(process);
            watch.awaitText(".end");
            process.destroyForcibly().waitFor();
            watch.awaitExit();
            String printed = watch.text();
            assertThat(HIDDEN.matcher(json ? printed.replace("\ufffd", "") : printed)
                            .find())
                    .as(printed)
                    .isFalse();
            if (json) {
                assertThat(watch.rows())
                        .anySatisfy(row ->
                                assertThat(String.valueOf(row.get("path"))).endsWith(DECODED));
            } else {
                assertThat(printed).contains(ESCAPED);
            }
        }
    }

    /** The names are those of a mapped file and of a thread. */
    @Test
    void jvmEscapesNames() throws Exception {
        assumeTrue(System.getProperty("sun.jnu.encoding").equals("UTF-8"), "this locale cannot name the file");
        MappedTestFile mapped = new MappedTestFile(directory.resolve("jvm\u202e\u009b\u200b"));
        Thread thread = new Thread(
                () -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException testHasEnded) {
                        // the thread ends
                    }
                },
                "thread\u2066\177");
        thread.start();
        try {
            assertThat(clean("jvm", "self", "--all-parts").out())
                    .contains("jvm\\xe2\\x80\\xae\\xc2\\x9b\\xe2\\x80\\x8b", "thread\\xe2\\x81\\xa6\\x7f");
            List<Map<String, Object>> parts = clean("jvm", "self", "--json").rows();
            assertThat(parts)
                    .anySatisfy(part ->
                            assertThat(String.valueOf(part.get("detail"))).contains("jvm\u202e\u009b\u200b"));
            assertThat(parts)
                    .anySatisfy(part ->
                            assertThat(String.valueOf(part.get("detail"))).contains("thread\u2066\177"));
        } finally {
            thread.interrupt();
        }
        assertThat(mapped.firstByte()).isZero();
    }
}
