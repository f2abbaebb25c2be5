package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.mapfiles.Mapping.Deletion;

/** The page of {@code mapfiles html}: what names can do to it, its size, and its table. */
class MapPageTest {
    /** Names that end an element, begin a comment or a script, or are not UTF-8. */
    private static final List<byte[]> HOSTILE = List.of(
            utf8("/x/</script><script>alert(1)</script>.so"),
            utf8("/x/<!--<script>.so"),
            utf8("/x/</noscript><img src=x onerror=alert(2)>"),
            utf8("/x/</title><b>&amp;\"'"),
            utf8("/x/\u2028\u2029\u202e.so"),
            new byte[] {'/', (byte) 0xff, '<', 'b', '>', '\n'});

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static PageMapping mapping(long start, long end, byte[] path, String detail) {
        return new PageMapping(
                start,
                end,
                new StateEntry(start, end, "r--p", 0, 8, 1, 99, "file", path, Deletion.NOT_DELETED, "00ff", 4096, 0),
                4096,
                "library",
                detail,
                false);
    }

    private static String page(String title, List<PageState> states) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        MapPage.write(title, states, true, out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static PageState hostile() {
        List<PageMapping> mappings = new ArrayList<>();
        for (byte[] name : HOSTILE) {
            long start = 0x7f00_0000_0000L + mappings.size() * 0x10000L;
            mappings.add(mapping(start, start + 0x2000, name, "</script><b>"));
        }
        return new PageState("</title><script>alert(3)</script>", null, 7, mappings, List.of());
    }

    private static String data(String page) {
        Matcher data =
                Pattern.compile("id=\"data\">(.*?)</script>", Pattern.DOTALL).matcher(page);
        assertThat(data.find()).isTrue();
        return data.group(1);
    }

    @Test
    void namesCannotBecomeMarkup() throws Exception {
        String page = page("</title><script>alert(4)</script>", List.of(hostile()));
        String plain = page("plain", List.of(new PageState("plain", null, 7, List.of(), List.of())));
        for (String tag :
                List.of("<script", "</script", "<img", "<b>", "<!--", "</title", "</noscript", "onerror=alert(2)>")) {
            assertThat(page.split(Pattern.quote(tag), -1))
                    .as("%s is only where mapfiles has written it", tag)
                    .hasSameSizeAs(plain.split(Pattern.quote(tag), -1));
        }
    }

    @Test
    void theDataIsJsonOfPlainCharacters() throws Exception {
        String data = data(page("x", List.of(hostile())));
        assertThat(data).matches("[\\x20-\\x7e]*").doesNotContain("<", ">", "&", "'");
        List<String> texts = new ArrayList<>();
        try (JsonParser json = new JsonFactory().createParser(data)) {
            while (json.nextToken() != null) {
                if (json.currentToken().isScalarValue()) {
                    texts.add(json.getText());
                }
            }
        }
        assertThat(texts)
                .contains("/x/</script><script>alert(1)</script>.so")
                .anyMatch(text -> text.contains("\\xe2\\x80\\xa8")) // a line separator, as all commands print it
                .contains("\\xff<b>\\n");
    }

    /** A browser runs a script only if its hash is in the policy. */
    @Test
    void thePolicyPermitsTheOwnScriptsOnly() throws Exception {
        String page = page("x", List.of(hostile()));
        Matcher scripts =
                Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(page);
        int count = 0;
        while (scripts.find()) {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(utf8(scripts.group(1)));
            assertThat(page).contains("'sha256-" + Base64.getEncoder().encodeToString(hash) + "'");
            count++;
        }
        assertThat(count).isEqualTo(2);
        assertThat(page.substring(0, page.indexOf("<title>")))
                .contains("default-src 'none'")
                .doesNotContain("unsafe-inline", "://");
        assertThat(page.replaceAll("(?s)<script.*?</script>", ""))
                .as("the page without its scripts and data")
                .doesNotContain("@import", "url(", "://");
    }

    @Test
    void theTableNeedsNoScript() throws Exception {
        String page = page("x", List.of(hostile()));
        String table = page.substring(page.indexOf("<noscript>"), page.indexOf("</noscript>"));
        assertThat(table)
                .contains("<th>Range<th>Perms<th>Size<th>Resident<th>Use<th>Name")
                .contains("<tr><td>7f0000000000-7f0000002000<td>r--p<td>8K<td>4K<td>library"
                        + "<td>/x/&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;.so\n");
    }

    @Test
    void thePageHasTheLicenceOfTheCharts() throws Exception {
        assertThat(page("x", List.of(hostile()))).contains("Licensed to the Apache Software Foundation");
        assertThat(MapPage.class.getResource("/META-INF/resources/webjars/echarts/5.3.1/NOTICE"))
                .isNotNull();
    }

    /** 60,000 files, as a search engine maps them. */
    @Test
    void aPageOf60000MappingsIsSmallerThan8Megabytes() throws Exception {
        List<PageMapping> mappings = new ArrayList<>();
        for (int i = 0; i < 60_000; i++) {
            long start = 0x7f00_0000_0000L + i * 0x9000L;
            mappings.add(mapping(
                    start,
                    start + 0x3000,
                    utf8("/var/lib/search/nodes/0/indices/Zk3mWq1sRzeVnX0a/" + i % 7 + "/index/_"
                            + Integer.toHexString(i * 31) + "_Lucene90_0.dvd"),
                    ""));
        }
        long[] samples = new long[60_000];
        Arrays.fill(samples, 12_345);
        PageState state = new PageState("x", null, 7, mappings, List.of()).with(new PageSamples(samples, 99));
        String page = page("x", List.of(state));
        assertThat(page.length()).isLessThan(8_000_000);
        int rows = page.split("<tr><td>7f", -1).length - 1;
        assertThat(page).contains((60_000 - rows) + " more mappings are in the charts");
    }

    /** JavaScript's numbers are exact below 2^53 only. */
    @Test
    void theHighestAddressesAreExact() throws Exception {
        PageState state = new PageState(
                "x",
                null,
                7,
                List.of(mapping(0xffffffffff600000L, 0xffffffffff601000L, utf8("[vsyscall]"), "")),
                List.of());
        assertThat(data(page("x", List.of(state)))).contains("\"mappings\":[" + (0xffffffffff600000L >>> 12) + ",1,0,");
    }
}
