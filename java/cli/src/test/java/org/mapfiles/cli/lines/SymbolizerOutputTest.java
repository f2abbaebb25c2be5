package org.mapfiles.cli.lines;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.cli.lines.Symbolizer.Kind;

/** The formats of the symbolizers. */
class SymbolizerOutputTest {
    private static SymbolizerOutput read(Kind kind, long[] addresses, String text) {
        SymbolizerOutput output = new SymbolizerOutput(kind, addresses);
        assertThat(text.lines().allMatch(output::accept)).isTrue();
        return output;
    }

    @Test
    void llvm() {
        SymbolizerOutput output = read(
                Kind.LLVM,
                new long[] {0x1159, 1},
                "0x1159\ninner\n/a b:c.c:2:82\nouter\n/a.c:4:0\n\n0x1\n??\n??:0:0\n\n");
        assertThat(output.isComplete()).isTrue();
        assertThat(output.frames())
                .containsExactly(
                        List.of(new SourceFrame("inner", "/a b:c.c", 2, 82), new SourceFrame("outer", "/a.c", 4, -1)),
                        List.of());
    }

    /** The symbol before an address that no debug information covers, with its file in the symbol table. */
    @Test
    void aFileWithoutALineIsNoSource() {
        SymbolizerOutput output = read(
                Kind.LLVM,
                new long[] {0x143a2, 0x20},
                "0x143a2\n__FRAME_END__\ncrtstuff.c:0:0\n\n0x20\nf\n/a.c:1:0\n\n");
        assertThat(output.frames()).containsExactly(List.of(), List.of(new SourceFrame("f", "/a.c", 1, -1)));
    }

    @Test
    void elfutils() {
        SymbolizerOutput output = read(
                Kind.ELFUTILS,
                new long[] {0x1159, 0x20},
                "0x0000000000001159\ninner inlined at /a.c:4:12 in outer\n/a.c:2:82\nouter\n/a.c:4\n"
                        + "0x0000000000000020\nf\n??:0\n");
        assertThat(output.isComplete()).isTrue();
        assertThat(output.frames())
                .containsExactly(
                        List.of(new SourceFrame("inner", "/a.c", 2, 82), new SourceFrame("outer", "/a.c", 4, -1)),
                        List.of());
    }

    @Test
    void binutils() {
        SymbolizerOutput output = read(
                Kind.BINUTILS,
                new long[] {0x1159},
                "0x0000000000001159\ninner\n/x:7:2 (discriminator 3)\nouter\n/a.c:?\n");
        assertThat(output.frames())
                .containsExactly(
                        List.of(new SourceFrame("inner", "/x:7", 2, -1), new SourceFrame("outer", "/a.c", -1, -1)));
    }

    @Test
    void whatDoesNotFitTheAddressesIsRejected() {
        SymbolizerOutput output = new SymbolizerOutput(Kind.LLVM, new long[] {1});
        assertThat(output.accept("0x2")).as("another address").isFalse();
        assertThat(new SymbolizerOutput(Kind.LLVM, new long[] {1}).accept("f")).isFalse();
        SymbolizerOutput endless = new SymbolizerOutput(Kind.LLVM, new long[] {1});
        assertThat(endless.accept("0x1")).isTrue();
        int lines = 0;
        while (lines < 1_000_000 && endless.accept("x:1:1")) {
            lines++;
        }
        assertThat(lines).as("a maximum of frames").isLessThan(10_000);
    }

    @Test
    void aCutOutputIsNotComplete() {
        assertThat(read(Kind.LLVM, new long[] {1, 2}, "0x1\nf\n/a:1:1\n\n").isComplete())
                .isFalse();
        assertThat(read(Kind.LLVM, new long[] {1}, "0x1\nf\n").isComplete()).isFalse();
    }
}
