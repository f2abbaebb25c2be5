package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;

/** An address in no mapping has no value but the address. */
class ResolveUnmappedTest {
    private static void allIsNull(String... options) {
        CliResult ran = CliResult.with(options);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.lines())
                .singleElement()
                .satisfies(line -> assertThat(
                                line.replaceFirst("\"pid\":\\d+,", "").replaceAll(",\"\\w+\":null", ""))
                        .isEqualTo("{\"version\":1,\"type\":\"address\",\"address\":\"0x10\"}"));
    }

    @Test
    void allIsNullButTheAddress() {
        allIsNull("resolve", "self", "0x10", "--json");
        allIsNull("resolve", "self", "0x10", "--json", "--jvm");
    }

    @Test
    void textHasNoRegion() {
        assertThat(CliResult.with("resolve", "self", "0x10", "--jvm").out()).isEqualTo("0x10  in no mapping\n");
    }

    /** An address is hexadecimal. One of a profiler that prints decimal numbers is in no mapping then. */
    @Test
    void aDecimalAddressIsReported(@TempDir Path directory) throws Exception {
        String maps = Files.writeString(directory.resolve("maps"), "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n")
                .toString();
        String decimal = Long.toString(0x7f0000000800L);
        CliResult ran = CliResult.with("resolve", "--from", maps, decimal, decimal);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.lines()).hasSize(2).allMatch(line -> line.equals("0x" + decimal + "  in no mapping"));
        assertThat(ran.err())
                .isEqualTo("mapfiles: " + decimal + " is read as hexadecimal: if it is decimal, give 0x7f0000000800\n");
        for (String other : new String[] {"0x" + decimal, "10", "7f0000000800", "0x7f0000000800"}) {
            assertThat(CliResult.with("resolve", "--from", maps, other).err()).isEmpty();
        }
        assertThat(CliResult.with("resolve", "--from", maps, decimal, "--json").err())
                .isEmpty();
    }
}
