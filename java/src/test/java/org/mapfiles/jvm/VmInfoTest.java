package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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

    @Test
    void aTableOfShenandoahThatIsNotUnderstoodSaysNothing() {
        String known = "|    0|R  |O|BTE     fc000000,     fc040000,     fc040000|TAMS\n|    1|R  |O|BTE     fc040000,     fc040000,     fc080000|TAMS\n";
        assertThat(RegionsOfShenandoah.claims(known)).containsExactly(Claim.told(0xfc000000L, 0xfc080000L, Region.JAVA_HEAP, "regular, old"));
        assertThat(RegionsOfShenandoah.claims(known + known.replace("R  ", "XYZ"))).isEmpty();
        assertThat(RegionsOfShenandoah.claims(known.replace("fc080000", "fc030000"))).isEmpty();
    }
}
