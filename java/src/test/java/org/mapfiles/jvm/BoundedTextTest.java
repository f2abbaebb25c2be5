package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.mapfiles.jvm.BoundedText.TooMuchWork;

/** Text of a hostile JVM: parsing ends, and fails with one exception only. */
class BoundedTextTest {
    private static final List<Function<String, List<RegionCandidate>>> PARSERS = List.of(
            VmInfo::heap,
            VmInfo::codeHeaps,
            VmInfo::others,
            VmInfo::metaspace,
            NativeMemoryTracking::candidates,
            RegionsOfShenandoah::candidates);

    @Test
    void longLinesAreCutAndTheirNumberStays() {
        String exact = "x".repeat(BoundedText.MAX_LINE - 1) + "\n";
        assertThat(BoundedText.withShortLines("")).isEmpty();
        assertThat(BoundedText.withShortLines("a\n\nb")).isEqualTo("a\n\nb");
        assertThat(BoundedText.withShortLines(exact + "b\n")).isEqualTo(exact + "b\n");
        assertThat(BoundedText.withShortLines("y".repeat(1 << 20) + "\nb"))
                .isEqualTo("y".repeat(BoundedText.MAX_LINE) + "\nb");
        assertThat(BoundedText.withShortLines("y".repeat(1 << 20))).isEqualTo("y".repeat(BoundedText.MAX_LINE));
    }

    /**
     * Each line takes work that grows with the square of its length; a line of a real JVM takes a few steps per
     * character.
     */
    @Test
    void workIsBounded() {
        String line = "a" + " ".repeat(BoundedText.MAX_LINE - 400) + "total " + "[0x1, ".repeat(60);
        String info = BoundedText.withShortLines((line + "\n").repeat(1 << 12));
        assertThatThrownBy(() -> VmInfo.heap(info)).isInstanceOf(TooMuchWork.class);
        String usual = " garbage-first heap   total 260096K, used 1234K [0x00000000e0000000, 0x0000000100000000)\n";
        assertThat(VmInfo.heap(usual.repeat(1 << 14))).hasSize(1 << 14);
    }

    @Provide
    Arbitrary<String> hostileTexts() {
        return Arbitraries.of(
                        "0x0",
                        "0x1",
                        "0xffffffffffffffff",
                        "0xfffffffffffff000",
                        "999999999999999",
                        "99999999999999999999",
                        "[",
                        "]",
                        ",",
                        ", ",
                        ")",
                        " ",
                        "\n",
                        "-",
                        "K",
                        ".",
                        "00",
                        "a",
                        "Polling page: ",
                        "Card table byte_map: [",
                        "CDS archive(s) mapped at: [",
                        "Compressed class space mapped at: ",
                        "Mark Bits: [",
                        " garbage-first heap   total 1K, used 1K [",
                        "CodeCache: size=1Kb\n bounds [",
                        "CodeHeap 'x': size=1Kb\n bounds [",
                        "- node #1: base 0x1: reserved=",
                        " KB, ",
                        "vsl class-space:\n",
                        "Reserved region:\n - [",
                        "[0x1 - 0x2] reserved 1KB for ",
                        "[0x",
                        " - 0x",
                        "] reserved ",
                        " for Class",
                        "|    0|R  |O|BTE ",
                        "ffffffffffffffff, ",
                        "1, ",
                        "2|",
                        "- map (vanilla): 0x",
                        "- map (biased): 0x")
                .list()
                .ofMaxSize(200)
                .map(parts -> String.join("", parts));
    }

    /** For any numbers, no range wraps around the end of the address space, and no number overflows. */
    @Property(tries = 3000)
    void onlyOneExceptionIsThrown(@ForAll("hostileTexts") String text) {
        List<RegionCandidate> claims = new ArrayList<>();
        for (Function<String, List<RegionCandidate>> parser : PARSERS) {
            claims.addAll(parser.apply(BoundedText.withShortLines(text)));
        }
        assertThat(claims)
                .allSatisfy(claim -> assertThat(Long.compareUnsigned(claim.start(), claim.end()))
                        .isNegative());
    }
}
