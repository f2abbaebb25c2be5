package org.mapfiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.MapsLine;

/** Names of mappings, byte for byte. */
class MappingNameTest {
    private static final String RAW = "/ \u00ff\u00fe\t\\x ";

    private final MapSnapshot snapshot;
    private final MapCursor plain;
    private final MapCursor raw;
    private final MapCursor nameless;

    MappingNameTest() throws MalformedMapsException {
        snapshot = MapsLine.snapshot(
                MapsLine.file(0x1000, 0x2000, 1, "/bin/x"),
                MapsLine.anonymous(0x2000, 0x3000),
                MapsLine.file(0x3000, 0x4000, 2, RAW),
                MapsLine.file(0x4000, 0x5000, 1, "/bin/x"));
        plain = snapshot.cursor().seek(0);
        nameless = snapshot.cursor().seek(1);
        raw = snapshot.cursor().seek(2);
    }

    @Test
    void bytesAreReturnedUnchanged() {
        byte[] to = new byte[40];
        assertThat(raw.name(to, 7)).isEqualTo(raw.nameLength()).isEqualTo(RAW.length());
        assertThat(new String(to, 7, RAW.length(), ISO_8859_1)).isEqualTo(RAW);
        assertThat(to[6]).isZero();
        assertThat(to[7 + RAW.length()]).isZero();
    }

    @Test
    void arrayTooSmallIsAnError() {
        assertThat(plain.name(new byte[6], 0)).isEqualTo(6);
        assertThat(plain.name(new byte[8], 2)).isEqualTo(6);
        byte[] small = new byte[7];
        for (int at : new int[] {2, 7, 8, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> plain.name(small, at))
                    .as("at %d", at)
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(small).as("nothing is copied").containsOnly(0);
    }

    @Test
    void bufferIsFilledFromItsPosition() {
        for (ByteBuffer to : new ByteBuffer[] {ByteBuffer.allocate(20), ByteBuffer.allocateDirect(20)}) {
            to.position(3).limit(9);
            assertThat(plain.name(to)).isEqualTo(6);
            assertThat(to.position()).isEqualTo(9);
            assertThat(UTF_8.decode(to.position(3)).toString()).isEqualTo("/bin/x");
        }
    }

    @Test
    void bufferMustBeLargeEnoughAndWritable() {
        ByteBuffer small = ByteBuffer.allocate(20).position(3).limit(8);
        assertThatThrownBy(() -> plain.name(small)).isInstanceOf(BufferOverflowException.class);
        assertThat(small.position()).as("it stays where it was").isEqualTo(3);
        assertThat(small.array()).containsOnly(0);
        ByteBuffer closed = ByteBuffer.allocate(20).asReadOnlyBuffer();
        assertThatThrownBy(() -> plain.name(closed)).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    void mappingWithoutANameHasNoBytes() {
        assertThat(nameless.name()).isNull();
        assertThat(nameless.nameLength()).isZero();
        assertThat(nameless.name(new byte[0], 0)).isZero();
        assertThat(nameless.name(ByteBuffer.allocate(0))).isZero();
        assertThat(nameless.nameEquals(new byte[0])).isTrue();
        assertThat(nameless.nameEquals(new byte[1])).isFalse();
        assertThat(nameless.nameStartsWith(new byte[0])).isTrue();
    }

    @Test
    void namesAreComparedAsBytes() {
        assertThat(raw.nameEquals(RAW.getBytes(ISO_8859_1))).isTrue();
        assertThat(raw.nameEquals(RAW.getBytes(UTF_8))).isFalse();
        assertThat(raw.nameEquals(RAW.strip().getBytes(ISO_8859_1)))
                .as("blanks are part of it")
                .isFalse();
        for (int length = 0; length <= RAW.length(); length++) {
            byte[] prefix = RAW.substring(0, length).getBytes(ISO_8859_1);
            assertThat(raw.nameStartsWith(prefix)).isTrue();
            for (int at = 0; at < length; at++) {
                prefix[at] ^= 1;
                assertThat(raw.nameStartsWith(prefix))
                        .as("%d of %d", at, length)
                        .isFalse();
                prefix[at] ^= 1;
            }
        }
        assertThat(raw.nameStartsWith((RAW + "x").getBytes(ISO_8859_1))).isFalse();
    }

    @Test
    void stringIsMadeOncePerFile() {
        assertThat(plain.name()).isEqualTo("/bin/x").isSameAs(plain.name());
        assertThat(snapshot.cursor().seek(3).name()).isSameAs(plain.name());
    }

    @Test
    void invalidUtf8IsReplacedInTheString() {
        assertThat(raw.name()).isEqualTo("/ \ufffd\ufffd\t\\x ");
    }

    /** Each mapping has its own name, also if many mappings of one kind have names. */
    @Test
    void eachMappingHasItsOwnName() throws MalformedMapsException {
        MapSnapshot special = MapsLine.snapshot(
                new MapsLine(0x1000, 0x2000, "rw-p", 0, 0, 0, 0, "[anon:one]"),
                new MapsLine(0x2000, 0x3000, "rw-p", 0, 0, 0, 0, "[anon:two]"),
                new MapsLine(0x3000, 0x4000, "r--p", 0, 0, 0, 0, "[vvar]"),
                new MapsLine(0x4000, 0x5000, "r--p", 0, 0, 0, 0, "[vvar_vclock]"));
        String[] names = {"[anon:one]", "[anon:two]", "[vvar]", "[vvar_vclock]"};
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < names.length; i++) {
                assertThat(special.cursor().seek(i).name()).isEqualTo(names[i]);
            }
        }
    }
}
