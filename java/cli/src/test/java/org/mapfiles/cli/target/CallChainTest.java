package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallChainTest {
    /** Returns the numbers of the lines with a return address, from 1. A sample of one line counts as two. */
    private static List<Integer> returnAddresses(String... lines) throws Exception {
        byte[] input = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        AddressReader reader = new AddressReader(new ByteArrayInputStream(input), () -> {}, () -> {});
        CallChain chain = new CallChain();
        List<Integer> found = new ArrayList<>();
        for (int i = 1; reader.next(); i++) {
            boolean isReturnAddress = reader.other() == null
                    ? chain.isReturnAddress(reader.address())
                    : chain.isReturnAddress(reader.other());
            if (isReturnAddress) {
                found.add(i);
            }
        }
        return found;
    }

    @Test
    void callersReturnAndTheFirstFrameDoesNot() throws Exception {
        assertThat(returnAddresses(
                        "app 12/13 1.000001: cycles:",
                        "\t    7f0000001000 leaf+0x1 (/app)",
                        "\t    7f0000002000 outer+0x1 (/app)",
                        "\t    7f0000001000 leaf+0x1 (/app)",
                        "",
                        "app 12/13 1.000002: cycles:",
                        "\t    7f0000002000 outer+0x1 (/app)",
                        "\t    7f0000003000 main+0x1 (/app)"))
                .containsExactly(3, 4, 8);
    }

    /** {@code -F time,ip,sym,dso}, {@code -F event,...} and both. */
    @Test
    void headsWithoutACommandBeginSamples() throws Exception {
        for (String head :
                new String[] {"74304.191769: ", "74304.191769:   cpu-clock: ", "cpu-clock: ", "cycles:u: "}) {
            assertThat(returnAddresses(
                            head,
                            "\t    7f0000001000 leaf+0x1 (/app)",
                            "\t    7f0000002000 outer+0x1 (/app)",
                            "",
                            head,
                            "\t    7f0000002000 outer+0x1 (/app)",
                            "\t    7f0000003000 main+0x1 (/app)"))
                    .as(head)
                    .containsExactly(3, 7);
        }
        assertThat(returnAddresses("error:", "\t    7f0000001000 leaf (/app)", "\t    7f0000002000 outer (/app)"))
                .as("no head of perf")
                .isEmpty();
    }

    @Test
    void theFirstFrameAfterThoseOfTheKernelDoesNotReturn() throws Exception {
        assertThat(returnAddresses(
                        "app 12/13 1.000001: cycles:",
                        "\tffffffff81000000 entry+0x1 ([kernel.kallsyms])",
                        "\t          200000 do_read+0x1 ([kernel.vmlinux])",
                        "\t    7f0000001000 read+0x1 (/app)",
                        "\t    7f0000002000 outer+0x1 (/app)"))
                .containsExactly(5);
    }

    @Test
    void inlinedFunctionsOfTheFirstFrameAreAtItsAddress() throws Exception {
        assertThat(returnAddresses(
                        "app 12/13 1.000001: cycles:",
                        "\t    7f0000001000 inner+0x1 (inlined)",
                        "\t    7f0000001000 leaf+0x1 (/app)",
                        "  app.c:12",
                        "\t    7f0000002000 inner+0x1 (inlined)",
                        "\t    7f0000002000 outer+0x1 (/app)"))
                .containsExactly(5, 6);
    }

    @Test
    void theFrameThatASignalInterruptedDoesNotReturn() throws Exception {
        assertThat(returnAddresses(
                        "app 12/13 1.000001: cycles:",
                        "\t    7f0000001000 handler+0x1 (/app)",
                        "\t    7f0000002000 __restore_rt+0x0 (/lib/libc.so.6)",
                        "\t    7f0000003000 leaf+0x1 (/app)",
                        "\t    7f0000004000 outer+0x1 (/app)"))
                .containsExactly(3, 5);
    }

    @Test
    void addressesAloneInASampleAreFrames() throws Exception {
        assertThat(returnAddresses(
                        "app 12/13 1.000001: cycles:", "\t    7f0000001000", "\t    7f0000002000", "", "7f0000003000"))
                .containsExactly(3);
    }

    @Test
    void otherInputHasNoCallers() throws Exception {
        assertThat(returnAddresses(
                        "7f0000001000",
                        "7f0000002000",
                        "libjvm.so+0x1234",
                        "app 12/13 1.000001:     1 cycles:     7f0000001000 leaf+0x1 (/app)",
                        "app 12/13 1.000002:     1 cycles:     7f0000002000 outer+0x1 (/app)"))
                .isEmpty();
    }
}
