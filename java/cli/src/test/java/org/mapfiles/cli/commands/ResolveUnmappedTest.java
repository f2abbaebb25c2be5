package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
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
}
