package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.output.Printable;

/** No command prints what a terminal would obey, whatever a file, a thread or an argument is called. */
class HostileNameTest {
    /**
     * The name's bytes as printf(1) takes them: ESC, DEL, U+009B, a bidirectional override, a zero-width space, a line separator, a byte
     * order mark, a tag, a variation selector, a byte that is not UTF-8, an ordinary letter, a backslash, a newline.
     */
    private static final String PRINTF = "evil\\033[2J\\177\\302\\233\\342\\200\\256\\342\\200\\213\\342\\200\\250\\357\\273\\277\\363\\240\\201\\201"
            + "\\357\\270\\217\\377\\303\\274\\134\\012.end";
    private static final String ESCAPED = "/evil\\x1b[2J\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x80\\x8b\\xe2\\x80\\xa8\\xef\\xbb\\xbf\\xf3\\xa0\\x81\\x81"
            + "\\xef\\xb8\\x8f\\xff\u00fc\\\\\\n.end";
    private static final String DECODED = "/evil\033[2J\177\u009b\u202e\u200b\u2028\ufeff" + Character.toString(0xe0041)
            + "\ufe0f\ufffd\u00fc\\\n.end";
    /** Written independently of the program: categories of Unicode, a variation selector, and what stands for a lost byte. */
    private static final Pattern HIDDEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\ufe00-\ufe0f\ufffd&&[^\\n]]");

    @TempDir
    Path directory;

    private Process hostile;
    private Process second;

    /** Two processes that run a copy of sleep(1) with that name. */
    @BeforeEach
    void start() throws Exception {
        hostile = start("cp /bin/sleep \"$program\"");
        second = start("true");
    }

    private Process start(String first) throws IOException {
        String script = "set -e; program=$1/$(printf '" + PRINTF + "'); " + first + "; echo; read go; exec \"$program\" 1000";
        Process process = new ProcessBuilder("sh", "-c", script, "sh", directory.toRealPath().toString()).start();
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
        while (!CliResult.with("maps", pid).out().contains(".end") || Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"))[0] != '/') {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(5);
        }
        return pid;
    }

    private static CliResult clean(String... arguments) {
        CliResult ran = CliResult.with(arguments);
        assertThat(HIDDEN.matcher(ran.out()).find()).as("%s: %s", List.of(arguments), ran.out()).isFalse();
        assertThat(HIDDEN.matcher(ran.err()).find()).as("%s: %s", List.of(arguments), ran.err()).isFalse();
        return ran;
    }

    private void assertEscaped(String... arguments) throws IOException {
        assertThat(clean(arguments).out()).as("%s", List.of(arguments)).contains(ESCAPED);
    }

    private void assertDecodes(String field, String... arguments) throws IOException {
        CliResult ran = CliResult.with(arguments);
        assertThat(HIDDEN.matcher(ran.out().replace("\ufffd", "")).find()).as("%s: %s", List.of(arguments), ran.out()).isFalse();
        assertThat(ran.objects()).as("%s", List.of(arguments)).anySatisfy(object -> {
            assertThat(String.valueOf(object.get(field))).endsWith(DECODED);
            byte[] raw = Base64.getDecoder().decode(String.valueOf(object.get(field + "_base64")));
            assertThat(Printable.text(raw)).endsWith(ESCAPED);
        });
    }

    @Test
    void everyCommandEscapesIt() throws Exception {
        String pid = go(hostile);
        String other = go(second);
        String start = (String) CliResult.with("maps", pid, "--json").objects().stream()
                .filter(mapping -> String.valueOf(mapping.get("path")).endsWith(".end")).map(mapping -> mapping.get("start")).findFirst()
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

    /** Several ranges of one name make an argument ambiguous only if they are of several files: so a part of one is asked for. */
    @Test
    void messagesEscapeIt() throws Exception {
        String pid = go(hostile);
        String start = (String) CliResult.with("maps", pid, "--json").objects().get(0).get("start");
        assertThat(clean("cat", pid, start + "-" + start).err()).contains("there is").contains(ESCAPED);
        assertThat(clean("cat", pid, "no\u202esuch\u009bfile\177").err()).contains("no\\xe2\\x80\\xaesuch\\xc2\\x9bfile\\x7f");
        assertThat(clean("maps", "no\u202esuch\033process").err()).contains("no\\xe2\\x80\\xaesuch\\x1bprocess");
        assertThat(clean("frog\u200b").err()).contains("frog\\xe2\\x80\\x8b");
        assertThat(clean("resolve", pid, "\u2028").err()).contains("\\xe2\\x80\\xa8");
        assertThat(clean("count", pid, "--by", "\udc80").err()).contains("\\xed\\xb2\\x80");
    }

    @Test
    void watchEscapesIt() throws Exception {
        for (boolean json : new boolean[] {false, true}) {
            Process process = json ? second : hostile;
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            String pid = Long.toString(process.pid());
            List<String> arguments = new ArrayList<>(List.of("watch", pid, "--initial", "--interval", "20"));
            arguments.addAll(json ? List.of("--json") : List.of());
            CompletableFuture<Integer> code = CompletableFuture.supplyAsync(() -> Main.run(arguments.toArray(String[]::new),
                    InputStream.nullInputStream(), out, new ByteArrayOutputStream()));
            for (long end = System.nanoTime() + 60_000_000_000L; out.size() == 0; Thread.sleep(5)) { // it has not read the mappings
                assertThat(System.nanoTime()).isLessThan(end);
            }
            go(process);
            for (long end = System.nanoTime() + 60_000_000_000L; !out.toString(StandardCharsets.UTF_8).contains(".end"); Thread.sleep(5)) {
                assertThat(System.nanoTime()).as("%s", out).isLessThan(end);
            }
            process.destroyForcibly().waitFor();
            assertThat(code.get(60, TimeUnit.SECONDS)).isEqualTo(4);
            String printed = out.toString(StandardCharsets.UTF_8);
            assertThat(HIDDEN.matcher(json ? printed.replace("\ufffd", "") : printed).find()).as(printed).isFalse();
            if (json) {
                assertThat(new CliResult(0, printed, "").objects())
                        .anySatisfy(object -> assertThat(String.valueOf(object.get("path"))).endsWith(DECODED));
            } else {
                assertThat(printed).contains(ESCAPED);
            }
        }
    }

    /** The names of a JVM: of a file it has mapped, and of a thread. */
    @Test
    void jvmEscapesIt() throws Exception {
        assumeTrue(System.getProperty("sun.jnu.encoding").equals("UTF-8"), "this locale cannot name the file");
        MappedTestFile mapped = new MappedTestFile(directory.resolve("jvm\u202e\u009b\u200b"));
        Object end = new Object();
        Thread thread = new Thread(() -> {
            synchronized (end) {
                try {
                    end.wait();
                } catch (InterruptedException over) {
                    // the test has ended
                }
            }
        }, "thread\u2066\177");
        thread.start();
        try {
            assertThat(clean("jvm", "self").out()).contains("jvm\\xe2\\x80\\xae\\xc2\\x9b\\xe2\\x80\\x8b", "thread\\xe2\\x81\\xa6\\x7f");
            List<Map<String, Object>> parts = clean("jvm", "self", "--json").objects();
            assertThat(parts).anySatisfy(part -> assertThat((String) part.get("detail")).contains("jvm\u202e\u009b\u200b"));
            assertThat(parts).anySatisfy(part -> assertThat((String) part.get("detail")).contains("thread\u2066\177"));
        } finally {
            thread.interrupt();
        }
        assertThat(mapped.firstByte()).isZero();
    }
}
