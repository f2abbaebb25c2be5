package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;

/** The rule of docs/reference/command-line.md for names in text and in JSON. */
class EscapingTest {
    /** A newline, a tab, a backslash, a control character, a right-to-left override, and a byte that is not UTF-8. */
    private static final byte[] NAME = {
        'a', '\n', 'b', '\t', 'c', '\\', 'd', 0x1b, 'e', (byte) 0xe2, (byte) 0x80, (byte) 0xae, 'f', (byte) 0xff
    };

    @Test
    void textHasFourEscapes() {
        assertThat(Printable.text(NAME)).isEqualTo("a\\nb\\tc\\\\d\\x1be\\xe2\\x80\\xaef\\xff");
    }

    @Test
    void jsonHasItsOwnEscapesAndTheBytes(@TempDir Path directory) throws Exception {
        Path out = directory.resolve("out");
        try (OutputStream stream = Files.newOutputStream(out)) {
            new JsonLines(stream).beginObject().bytes("path", NAME).end();
        }
        assertThat(Files.readString(out))
                .isEqualTo("{\"path\":\"a\\nb\\tc\\\\d\\u001be\\u202ef\ufffd\",\"path_base64\":\""
                        + Base64.getEncoder().encodeToString(NAME) + "\"}\n");
    }

    @Test
    void theDocumentSaysSo() throws Exception {
        String document = Files.readString(Path.of("../../docs/reference/command-line.md"))
                .replaceAll("\\s+", " ");
        assertThat(document)
                .contains(
                        "`\\n`, `\\t` and `\\\\` are a newline, a tab and a backslash",
                        "Each byte of another control, bidirectional or invisible character, and each byte that is not UTF-8, is `\\xNN`",
                        "In JSON such a character is `\\uXXXX`",
                        "U+FFFD",
                        "`path_base64`");
    }
}
