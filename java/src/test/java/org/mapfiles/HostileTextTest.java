package org.mapfiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.MapsTexts;

/** Damaged text is read exactly as it is written, or the exception names the first bad line. */
class HostileTextTest {
    @Provide
    Arbitrary<List<MapsLine>> layouts() {
        return MapsTexts.lines(20);
    }

    private static MapSnapshot snapshot(byte[] text) throws MalformedMapsException {
        try {
            return MapSnapshot.ofText(text, MapFilter.all());
        } catch (NotEnoughMemoryException e) {
            throw new AssertionError(e);
        }
    }

    /** Writes each parsed line again. A line that differs from its source was guessed. */
    private static void meansWhatItSaysOrIsRefused(byte[] text) {
        List<MapsLine> lines;
        try {
            lines = linesOf(snapshot(text));
        } catch (MalformedMapsException rejected) {
            assertThat(rejected.line()).as("%s", rejected).isBetween(1, count(text, '\n') + 1);
            int begin = beginOf(text, rejected.line());
            byte[] before = Arrays.copyOf(text, begin);
            assertThat(render(before))
                    .as("the lines before the one that is named")
                    .isEqualTo(string(before));
            assertRejected(Arrays.copyOf(text, endOf(text, begin)), rejected.line());
            return;
        }
        assertThat(new String(MapsLine.text(lines), ISO_8859_1)).isEqualTo(string(text));
    }

    @Property(tries = 1000)
    void changedBytesAreNotGuessed(
            @ForAll("layouts") List<MapsLine> lines,
            @ForAll @Size(min = 1, max = 3) List<Integer> places,
            @ForAll int values) {
        byte[] text = MapsLine.text(lines);
        Assume.that(text.length > 0);
        for (int i = 0; i < places.size(); i++) {
            text[Math.floorMod(places.get(i), text.length)] = (byte) (values >> 8 * i);
        }
        meansWhatItSaysOrIsRefused(text);
    }

    @Property(tries = 1000)
    void removedOrDoubledByteIsNotGuessed(
            @ForAll("layouts") List<MapsLine> lines, @ForAll int place, @ForAll boolean out) {
        byte[] text = MapsLine.text(lines);
        Assume.that(text.length > 0);
        int at = Math.floorMod(place, text.length);
        String damaged =
                string(text).substring(0, out ? at : at + 1) + string(text).substring(out ? at + 1 : at);
        meansWhatItSaysOrIsRefused(damaged.getBytes(ISO_8859_1));
    }

    @Property(tries = 500)
    void randomBytesAreNotGuessed(@ForAll @CharRange(from = '\0', to = '\u00ff') String noise) {
        meansWhatItSaysOrIsRefused(noise.getBytes(ISO_8859_1));
    }

    @Property(tries = 1000)
    void truncatedLineIsNamed(@ForAll("layouts") List<MapsLine> lines, @ForAll int place)
            throws MalformedMapsException {
        byte[] text = MapsLine.text(lines);
        Assume.that(text.length > 0);
        byte[] truncated = Arrays.copyOf(text, Math.floorMod(place, text.length));
        if (truncated.length == 0 || truncated[truncated.length - 1] == '\n') {
            assertThat(render(truncated)).isEqualTo(string(truncated));
        } else {
            assertRejected(truncated, count(truncated, '\n') + 1);
        }
    }

    @Property(tries = 300)
    void disorderIsAnErrorOfTheLaterLine(@ForAll("layouts") List<MapsLine> lines, @ForAll @IntRange(max = 18) int at) {
        Assume.that(at + 1 < lines.size());
        List<MapsLine> swapped = new ArrayList<>(lines);
        swapped.set(at, lines.get(at + 1));
        swapped.set(at + 1, lines.get(at));
        assertRejected(MapsLine.text(swapped), at + 2);
        swapped.set(at, lines.get(at));
        assertRejected(MapsLine.text(swapped), at + 2); // the same line twice
    }

    @Example
    void overlapIsAnErrorOfTheLaterLine() {
        assertRejected(MapsLine.text(MapsLine.anonymous(0x1000, 0x3000), MapsLine.anonymous(0x2fff, 0x4000)), 2);
        assertRejected(MapsLine.text(MapsLine.anonymous(0x1000, 0x3000), MapsLine.anonymous(0x1000, 0x2000)), 2);
    }

    @Example
    void emptyRangeIsAnError() {
        assertRejected(MapsLine.text(MapsLine.anonymous(0x1000, 0x1000)), 1);
        assertRejected(MapsLine.text(MapsLine.anonymous(0x2000, 0x1000)), 1);
        assertRejected(MapsLine.text(MapsLine.anonymous(-0x1000, 0)), 1);
    }

    /** Replaces every byte of a line by every character, and by characters just outside of each valid range. */
    @Example
    void everyByteOfALineIsChecked() {
        MapsLine small = MapsLine.file(0x400000, 0x401000, 42, "/bin/x");
        MapsLine large = new MapsLine(
                0xffffffffff600000L, 0xffffffffff601000L, "--xs", 0xfffffffffffff000L, 0xfff, 0xfffff, -1L, " a b ");
        for (MapsLine line : new MapsLine[] {small, large}) {
            byte[] text = MapsLine.text(line);
            for (int at = 0; at < text.length; at++) {
                byte right = text[at];
                for (int value = -1; value <= 128; value++) {
                    text[at] = (byte) value;
                    meansWhatItSaysOrIsRefused(text);
                }
                text[at] = right;
            }
        }
    }

    @Example
    void numbersThatNoKernelWritesAreRejected() {
        String rest = " r-xp 00000000 fd:01 42                         /bin/x\n";
        for (String line : new String[] {
            "0400000-00401000" + rest,
            "000400000-00401000" + rest,
            "10000000000000000-10000000000001000" + rest,
            "00400000-00401000 r-xp 000000000 fd:01 42 \n",
            "00400000-00401000 r-xp 00000000 0fd:01 42 \n",
            "00400000-00401000 r-xp 00000000 fd:001 42 \n",
            "00400000-00401000 r-xp 00000000 fd:1 42 \n",
            "00400000-00401000 r-xp 00000000 100000000:01 42 \n",
            "00400000-00401000 r-xp 00000000 fd:01 042 \n",
            "00400000-00401000 r-xp 00000000 fd:01 18446744073709551616 \n",
            "00400000-00401000 r-xp 00000000 fd:01 99999999999999999999 \n",
            "00400000-00401000 r-xp 00000000 fd:01  \n",
            "00400000-00401000 r-xp 00000000 fd:01 42\n",
            "00400000-00401000 r-xp 00000000 fd:01 -1 \n",
            "0040000A-00401000" + rest,
            "\n",
        }) {
            assertRejected(line.getBytes(ISO_8859_1), 1);
        }
    }

    @Example
    void messageQuotesTheLine() {
        byte[] text = (MapsLine.anonymous(0x1000, 0x2000).render() + "nonsense\n").getBytes(ISO_8859_1);
        assertThatExceptionOfType(MalformedMapsException.class)
                .isThrownBy(() -> snapshot(text))
                .withMessageContaining("line 2")
                .withMessageContaining("\"nonsense\"");
    }

    private static void assertRejected(byte[] text, int line) {
        assertThatExceptionOfType(MalformedMapsException.class)
                .as(() -> string(text))
                .isThrownBy(() -> snapshot(text))
                .satisfies(rejected -> assertThat(rejected.line()).isEqualTo(line));
    }

    private static String render(byte[] text) {
        try {
            return string(MapsLine.text(linesOf(snapshot(text))));
        } catch (MalformedMapsException e) {
            throw new AssertionError(string(text), e);
        }
    }

    private static List<MapsLine> linesOf(MapSnapshot snapshot) {
        List<MapsLine> lines = new ArrayList<>();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            lines.add(MapsLine.of(mapping));
        }
        return lines;
    }

    private static String string(byte[] text) {
        return new String(text, ISO_8859_1);
    }

    private static int count(byte[] text, char wanted) {
        return (int) string(text).chars().filter(c -> c == wanted).count();
    }

    private static int beginOf(byte[] text, int line) {
        int at = 0;
        for (int i = 1; i < line; i++) {
            at = string(text).indexOf('\n', at) + 1;
        }
        return at;
    }

    private static int endOf(byte[] text, int begin) {
        int newline = string(text).indexOf('\n', begin);
        return newline < 0 ? text.length : newline + 1;
    }
}
