package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forged text in the command line or the environment of a JVM is not accepted as its report. */
class VmInfoTest {
    private static final String FORGED = "Polling page: 0x0000000000666000\n";
    private static final String HEADER = "\n---------------  P R O C E S S  ---------------\n\n";
    private static final String EVENTS = "\nCompilation events (20 events):\n";
    private static final String LIBRARIES = "\nDynamic libraries:\n";
    private static final RegionCandidate TRUE =
            RegionCandidate.reported(0x123000, 0x123001, JvmRegions.Kind.JVM_OTHER, "safepoint polling page");

    /** Returns the accepted lines of a report with this text in the arguments, and in the lines after them. */
    private static List<RegionCandidate> accepted(String argument, String after) {
        String info = "#\n# JRE version: 17\n\n---------------  S U M M A R Y ------------\n\nCommand Line: -Da="
                + argument + " Main\n\n" + "Host: x\n" + HEADER + "Polling page: 0x0000000000123000\n" + EVENTS + FORGED
                + LIBRARIES + after;
        return VmInfo.others(VmInfo.ofTheJvm(
                info, (int) argument.chars().filter(c -> c == '\n').count()));
    }

    @Test
    void forgedTextIsIgnored() {
        String[] parts = {HEADER, FORGED, EVENTS, LIBRARIES, "\nCommand Line: ", "x", "\n", "Host: x\n"};
        for (int first = 0; first < 1 << 9; first++) { // three parts each, in any order
            String some = "\n" + parts[first & 7] + parts[first >> 3 & 7] + parts[first >> 6];
            assertThat(accepted(some, "")).as(some).containsExactly(TRUE);
            assertThat(accepted("", some)).as(some).containsExactly(TRUE);
            assertThat(accepted(some + HEADER + FORGED, HEADER + FORGED + some))
                    .as(some)
                    .containsExactly(TRUE);
        }
    }

    @Test
    void ambiguousReportIsIgnored() {
        String info = "\nCommand Line: x\n" + HEADER + FORGED;
        assertThat(VmInfo.others(VmInfo.ofTheJvm(info + LIBRARIES, 0)))
                .as("one candidate")
                .hasSize(1);
        assertThat(VmInfo.ofTheJvm(info + LIBRARIES, -1))
                .as("a command line that is not known")
                .isEmpty();
        assertThat(VmInfo.ofTheJvm(info + LIBRARIES, 100))
                .as("of more lines than there are")
                .isEmpty();
        assertThat(VmInfo.ofTheJvm(info, 0)).as("without an end").isEmpty();
        assertThat(VmInfo.ofTheJvm(FORGED, 0)).isEmpty();
        assertThat(VmInfo.ofTheJvm("", 0)).isEmpty();
    }

    /** The locale of the JVM's environment determines the format of numbers. */
    @ParameterizedTest
    @ValueSource(strings = {".", ",", "\u066b"})
    void nodesOfMetaspaceInAnyLocale(String point) {
        String text =
                "- node #1: base 0x00007f0004000000: reserved=65536.50 KB, committed=192.00 KB (<1%), used=66.12 KB (<1%)\n"
                        + "vsl class-space:\n- node #0: base 0x00007f0010000000: reserved=1024.00 KB, committed=128.00 KB ( 12%)\n";
        assertThat(VmInfo.metaspace(text.replace(".", point)))
                .containsExactly(
                        RegionCandidate.reported(
                                0x7f0004000000L, 0x7f0008000200L, JvmRegions.Kind.METASPACE, "metaspace"),
                        RegionCandidate.reported(
                                0x7f0010000000L,
                                0x7f0010100000L,
                                JvmRegions.Kind.CLASS_SPACE,
                                "compressed class space"));
    }

    @Test
    void unknownTableOfShenandoahIsIgnored() {
        String known =
                "|    0|R  |O|BTE     fc000000,     fc040000,     fc040000|TAMS\n|    1|R  |O|BTE     fc040000,     fc040000,     fc080000|TAMS\n";
        assertThat(RegionsOfShenandoah.candidates(known))
                .containsExactly(
                        RegionCandidate.reported(0xfc000000L, 0xfc080000L, JvmRegions.Kind.JAVA_HEAP, "regular, old"));
        assertThat(RegionsOfShenandoah.candidates(known + known.replace("R  ", "XYZ")))
                .isEmpty();
        assertThat(RegionsOfShenandoah.candidates(known.replace("fc080000", "fc030000")))
                .isEmpty();
    }
}
