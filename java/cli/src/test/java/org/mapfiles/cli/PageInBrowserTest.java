package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.output.Sizes;

/**
 * The page of {@code mapfiles html} in a browser. Screenshots and the times until the page was usable stay in
 * target/pages.
 */
class PageInBrowserTest {
    private static final Path ARTEFACTS = Path.of("target/pages");

    private static final String TIP = "document.getElementById('tip')";

    @TempDir
    Path directory;

    private Chromium browser;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Chromium.program().isPresent(), "no Chromium is installed: apt-get install chromium");
        Files.createDirectories(ARTEFACTS);
        browser = new Chromium(Chromium.program().get(), directory);
    }

    @AfterEach
    void end() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    private Path page(String... states) throws Exception {
        Path page = directory.resolve("page.html");
        String[] arguments = new String[states.length + 4];
        arguments[0] = "html";
        System.arraycopy(states, 0, arguments, 1, states.length);
        arguments[states.length + 1] = "--force";
        arguments[states.length + 2] = "-o";
        arguments[states.length + 3] = page.toString();
        CliResult result = CliResult.with(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        return page;
    }

    /** Returns the path of maps text with mappings of many files. */
    private String maps(int count) throws Exception {
        Random random = new Random(5);
        StringBuilder text = new StringBuilder();
        long start = 0x7f00_0000_0000L;
        for (int i = 0; i < count; i++) {
            start += random.nextInt(10) < 3 ? (1L << random.nextInt(12)) << 12 : 0;
            long end = start + (1L << (12 + random.nextInt(11)));
            boolean isFile = random.nextInt(10) < 6;
            StringBuilder line = new StringBuilder(String.format(
                    "%x-%x %s 00000000 %s %d ",
                    start,
                    end,
                    List.of("rw-p", "r--p", "r-xp", "---p").get(random.nextInt(4)),
                    isFile ? "08:01" : "00:00",
                    isFile ? i + 1 : 0));
            if (isFile) {
                line.append(" ".repeat(Math.max(0, 73 - line.length())))
                        .append("/var/lib/search/nodes/0/indices/Zk3mWq1sRzeVnX0a/")
                        .append(i % 7)
                        .append("/index/_")
                        .append(Integer.toHexString(i * 31))
                        .append("_Lucene90_0.dvd");
            }
            text.append(line).append('\n');
            start = end;
        }
        return Files.writeString(directory.resolve("maps" + count), text).toString();
    }

    private void assertSilent() throws Exception {
        assertThat(browser.evaluate("document.documentElement.dataset.ready")).matches("[0-9]+");
        assertThat(browser.messages()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 5_000, 60_000})
    void aPageOfManyMappingsIsUsable(int count) throws Exception {
        Path page = page(maps(count));
        assertThat(Files.size(page)).isLessThan(8_000_000);
        browser.open(page);
        assertSilent();
        assertThat(browser.evaluate("document.getElementById('count').textContent"))
                .startsWith(count + " mappings");
        String report = count + " mappings: usable after " + browser.evaluate("document.documentElement.dataset.ready")
                + " ms, page of " + Files.size(page) + " bytes\n";
        System.out.print(report);
        Files.writeString(ARTEFACTS.resolve("load-" + count + ".txt"), report);
        browser.screenshot(ARTEFACTS.resolve(count + ".png"));
        browser.press("+");
        browser.press("ArrowRight");
        browser.press("g");
        browser.press("0");
        browser.evaluate("document.getElementById('details').textContent");
        assertThat(browser.evaluate("document.getElementById('details').textContent"))
                .contains("7f00");
        assertSilent();
    }

    @Test
    void aJvmInDarkMode() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            browser.emulate(true, true);
            browser.open(page(jvm.pid()));
            assertSilent();
            assertThat(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
                    .isEqualTo("rgb(20, 23, 27)");
            for (int x = 100; x < 500 && browser.evaluate(TIP + ".hidden").equals("true"); x += 7) {
                browser.moveTo(x, 200); // it may be in a gap between mappings
            }
            assertThat(browser.evaluate(TIP + ".hidden")).isEqualTo("false");
            assertThat(browser.evaluate(TIP + ".textContent")).contains("RSS", "use ");
            browser.screenshot(ARTEFACTS.resolve("jvm-dark.png"));
            browser.evaluate("(document.getElementById('search').value = 'libjvm.so',"
                    + " document.getElementById('search').dispatchEvent(new Event('input')))");
            assertThat(
                            browser.evaluate(
                                    "[...document.querySelectorAll('#list tbody tr')].every(row =>"
                                            + " row.textContent.includes('libjvm.so')) && document.querySelectorAll('#list tbody tr').length > 2"))
                    .isEqualTo("true");
            browser.screenshot(ARTEFACTS.resolve("jvm-search.png"));
            assertSilent();
        }
    }

    @Test
    void namesStayText() throws Exception {
        String name = "/x/</script><script>document.title=1</script><img src=x onerror=document.title=2>";
        String path = Files.writeString(
                        directory.resolve("maps"),
                        "00400000-00401000 r-xp 00000000 08:01 7 " + " ".repeat(33) + name + "\n",
                        StandardCharsets.UTF_8)
                .toString();
        browser.open(page(path));
        assertSilent();
        assertThat(browser.evaluate("document.querySelector('#list td:nth-child(6)').textContent"))
                .isEqualTo(name);
        browser.press("ArrowRight");
        assertThat(browser.evaluate("document.getElementById('details').textContent"))
                .contains(name);
        assertThat(browser.evaluate("document.title")).startsWith("Memory of ");
        assertThat(browser.evaluate("document.images.length")).isEqualTo("0");
        assertSilent();
    }

    @Test
    void twoStatesAndARecording() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            Path before = Files.writeString(
                    directory.resolve("before"),
                    CliResult.with("save", jvm.pid()).out());
            Path after = Files.writeString(
                    directory.resolve("after"), Files.readString(before).replaceAll("\"r-xp\"", "\"rwxp\""));
            browser.open(page(after.toString(), before.toString()));
            assertSilent();
            assertThat(browser.evaluate("document.getElementById('changes').hidden"))
                    .isEqualTo("false");
            browser.screenshot(ARTEFACTS.resolve("two-states.png"));
            Path recording = Files.writeString(
                    directory.resolve("recording"),
                    CliResult.with("watch", jvm.pid(), "--initial", "--json", "--duration", "1")
                                    .out()
                            + "{\"version\":1,\"type\":\"added\",\"pid\":7,\"time\":\"2036-01-02T03:04:05.006Z\",\"exact\":true,"
                            + "\"after\":null,\"start\":\"0x1000\",\"end\":\"0x2000\",\"size\":4096,\"perms\":\"rw-p\","
                            + "\"offset\":\"0x0\",\"dev_major\":0,\"dev_minor\":0,\"inode\":0,\"kind\":\"anonymous\",\"path\":null,"
                            + "\"deleted\":false,\"continued\":false}\n");
            browser.open(page(recording.toString()));
            assertSilent();
            int start = mappings();
            browser.evaluate("(document.getElementById('moment').value = 1e9,"
                    + " document.getElementById('moment').dispatchEvent(new Event('input')))");
            assertThat(mappings()).isGreaterThan(start);
            assertThat(browser.evaluate("document.getElementById('change').textContent"))
                    .isEqualTo("2036-01-02 03:04:05.006 UTC, added 1000-2000 anonymous");
            browser.screenshot(ARTEFACTS.resolve("recording.png"));
            assertSilent();
        }
    }

    /** Thread IDs of two processes differ, also if their threads are the same ones. */
    @Test
    void threadsOfTwoJvmsAreComparedByTheirNames() throws Exception {
        try (TestJvm one = TestJvm.waiting();
                TestJvm other = TestJvm.waiting()) {
            browser.open(page(one.pid(), other.pid()));
            assertSilent();
            browser.evaluate("document.querySelector('#changed button').click()");
            assertThat(browser.evaluate("[...document.querySelectorAll('#changed tbody tr')]"
                            + ".filter(row => row.textContent.startsWith('thread_stack'))"
                            + ".map(row => row.lastChild.textContent).filter(name => /^[0-9]/.test(name))"))
                    .isEmpty();
            assertThat(browser.evaluate("document.querySelectorAll('#changed tbody tr').length"))
                    .isNotEqualTo("0");
            assertThat(browser.evaluate("document.getElementById('count').textContent"))
                    .startsWith("2: ");
        }
    }

    @Test
    void sizesAreThoseOfTheCommandLine() throws Exception {
        browser.open(page(maps(5)));
        StringBuilder expected = new StringBuilder();
        StringBuilder units = new StringBuilder();
        for (long each : new long[] {
            0, 1, 255, 256, 257, 281, 2_559, 2_560, 5_913, 10_470, 25_587, 25_588, 262_131, 262_132, 262_144, 1L << 50
        }) {
            units.append(units.isEmpty() ? "" : ",").append(each);
            expected.append(units.length() == 1 ? "" : ",").append(Sizes.human(each * 4096));
        }
        assertThat(browser.evaluate("[" + units + "].map(bytes)")).isEqualTo(expected.toString());
    }

    @Test
    void sizesBySamples() throws Exception {
        String maps = maps(200);
        String first =
                Files.readString(Path.of(maps)).lines().skip(7).findFirst().orElseThrow();
        String address = first.substring(0, first.indexOf('-'));
        Path samples = Files.writeString(directory.resolve("samples"), (address + "\n").repeat(1234) + "10\n");
        Path page = directory.resolve("page.html");
        assertThat(CliResult.with("html", maps, "--samples", samples.toString(), "-o", page.toString())
                        .code())
                .isZero();
        browser.open(page);
        assertSilent();
        assertThat(browser.evaluate("[...document.getElementById('size').options].map(each => each.value)"))
                .isEqualTo("reserved,samples");
        assertThat(browser.evaluate("document.getElementById('size').value")).isEqualTo("samples");
        assertThat(browser.evaluate("document.querySelector('figcaption').textContent"))
                .endsWith(": 1,234 samples, 1 more in no mapping");
        assertThat(browser.evaluate("document.querySelectorAll('#list tbody tr')[7].children[4].textContent"))
                .isEqualTo("1234");
        browser.screenshot(ARTEFACTS.resolve("samples.png"));
        browser.press("s");
        assertThat(browser.evaluate("document.querySelector('figcaption').textContent"))
                .endsWith(" reserved");
        assertSilent();
        Path without = Files.writeString(
                directory.resolve("without"), Files.readString(Path.of(maps)).replace(first + "\n", ""));
        assertThat(CliResult.with(
                                "html",
                                maps,
                                without.toString(),
                                "--samples",
                                samples.toString(),
                                "--force",
                                "-o",
                                page.toString())
                        .code())
                .isZero();
        browser.open(page);
        assertThat(browser.evaluate(
                        "[...document.querySelectorAll('#changed tr')].map(row => row.children[4].textContent)"))
                .isEqualTo("Samples,-1,234");
        assertSilent();
        browser.open(page(maps));
        assertThat(browser.evaluate("document.getElementById('size').disabled")).isEqualTo("true");
        assertSilent();
    }

    private int mappings() throws Exception {
        return Integer.parseInt(browser.evaluate("document.getElementById('count').textContent.split(' ')[0]"));
    }

    @Test
    void withoutJavaScriptThePageIsATable() throws Exception {
        browser.emulate(false, false);
        browser.open(page(maps(200)));
        browser.screenshot(ARTEFACTS.resolve("no-script.png"));
        assertThat(browser.messages()).isEmpty();
        assertThat(Files.size(ARTEFACTS.resolve("no-script.png"))).isGreaterThan(50_000);
    }
}
