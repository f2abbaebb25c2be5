package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that look like the JVM's: of those in its command line and its environment nothing is believed. */
class VmInfoTest {
    private static final String FORGED = "Polling page: 0x0000000000666000\n";

    @Test
    void onlyWhatTheJvmSaysItselfIsRead() {
        String info = "Command Line: -Da=\n" + FORGED + "\n---------------  P R O C E S S  ---------------\n\n"
                + "Polling page: 0x0000000000123000\n\nCompilation events (20 events):\n" + FORGED + "\nDynamic libraries:\n" + FORGED;
        assertThat(VmInfo.others(VmInfo.ofTheJvm(info)))
                .containsExactly(Claim.told(0x123000, 0x123001, Region.JVM_OTHER, "safepoint polling page"));
        assertThat(VmInfo.ofTheJvm(FORGED)).isEmpty();
        assertThat(VmInfo.ofTheJvm("")).isEmpty();
    }

    /** Numbers are printed by the locale of the JVM's environment. */
    @ParameterizedTest
    @ValueSource(strings = {".", ",", "\u066b"})
    void nodesOfMetaspaceInAnyLocale(String point) {
        String text = "- node #1: base 0x00007f0004000000: reserved=65536.50 KB, committed=192.00 KB (<1%), used=66.12 KB (<1%)\n"
                + "vsl class-space:\n- node #0: base 0x00007f0010000000: reserved=1024.00 KB, committed=128.00 KB ( 12%)\n";
        assertThat(VmInfo.metaspace(text.replace(".", point))).containsExactly(
                Claim.told(0x7f0004000000L, 0x7f0008000200L, Region.METASPACE, "metaspace"),
                Claim.told(0x7f0010000000L, 0x7f0010100000L, Region.CLASS_SPACE, "compressed class space"));
    }

    @Test
    void aTableOfShenandoahThatIsNotUnderstoodSaysNothing() {
        String known = "|    0|R  |O|BTE     fc000000,     fc040000,     fc040000|TAMS\n|    1|R  |O|BTE     fc040000,     fc040000,     fc080000|TAMS\n";
        assertThat(RegionsOfShenandoah.claims(known)).containsExactly(Claim.told(0xfc000000L, 0xfc080000L, Region.JAVA_HEAP, "regular, old"));
        assertThat(RegionsOfShenandoah.claims(known + known.replace("R  ", "XYZ"))).isEmpty();
        assertThat(RegionsOfShenandoah.claims(known.replace("fc080000", "fc030000"))).isEmpty();
    }
}
