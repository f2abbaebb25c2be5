package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The bytes of arguments. */
class ArgumentsTest {
    private static final String LOST = "\ufffd\ufffd";

    private static byte[] line(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void theArgumentsAreTheLastWordsOfTheCommandLine() {
        String[] arguments = Arguments.of(
                line("java\0-jar\0x.jar\0cat\0\0lib\u00c3\u00bc\0"), new String[] {"cat", "", "lib" + LOST});
        assertThat(arguments).containsExactly("cat", "", "lib\u00fc");
    }

    @Test
    void bytesThatAreNotUtf8AreRestored() {
        for (String word : new String[] {
            "\u00ff", "a\u00ffb\u00fe", "\u00c3", "\u00e2\u0082", "\u00f0\u009f\u0098\u0080\u00ff", "\u00ed\u00b2\u0080"
        }) {
            String[] arguments = Arguments.of(line("cat\0" + word + "\0"), new String[] {LOST});
            assertThat(Arguments.bytes(arguments[0])).as(word).isEqualTo(line(word));
        }
        assertThat(Arguments.display(Arguments.of(line("a\u00ff\u00c3\u00bc\\\0"), new String[] {LOST})[0]))
                .isEqualTo("a\\xff\u00fc\\\\");
    }

    @Test
    void aCommandLineWithOtherArgumentsIsNotUsed() {
        String[] decoded = {"maps", "self"};
        assertThat(Arguments.of(line("java\0Program\0"), decoded)).isSameAs(decoded);
        assertThat(Arguments.of(line("maps\0"), decoded)).isSameAs(decoded);
        assertThat(Arguments.of(line(""), decoded)).isSameAs(decoded);
        assertThat(Arguments.of(line(""), new String[0])).isEmpty();
    }
}
