package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A reader of JSON Lines gets whole rows, also if the command fails in the middle of a row. */
class JsonLinesTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private String written() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aLineIsWrittenWhenItIsComplete() throws Exception {
        JsonLines lines = new JsonLines(out);
        lines.beginObject().text("a", "x").number("b", 1).end();
        assertThat(written()).isEqualTo("{\"a\":\"x\",\"b\":1}\n");
        lines.beginObject().beginList("list");
        lines.beginObject().bool("c", true).end();
        lines.beginObject().nullValue("d").end();
        lines.endList();
        assertThat(written()).hasLineCount(1);
        lines.end();
        assertThat(written().lines().toList().get(1)).isEqualTo("{\"list\":[{\"c\":true},{\"d\":null}]}");
    }

    /** A name of a Java method may be any characters but four. */
    @Test
    void anUnpairedSurrogateIsEscaped() throws Exception {
        new JsonLines(out)
                .beginObject()
                .text("a", "x\ud800")
                .text("b", "x?")
                .text("c", "\ud83d\ude00")
                .end();
        assertThat(written()).isEqualTo("{\"a\":\"x\\ud800\",\"b\":\"x?\",\"c\":\"\ud83d\ude00\"}\n");
    }

    @Test
    void noPartOfALineIsWritten() throws Exception {
        JsonLines lines = new JsonLines(out);
        for (int i = 0; i < 3_000; i++) { // more than any buffer holds
            lines.beginObject().number("i", i).end();
        }
        lines.beginObject().text("long", "x".repeat(100_000));
        assertThat(written()).hasLineCount(3_000).endsWith("{\"i\":2999}\n");
    }
}
