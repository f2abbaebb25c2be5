package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mapfiles.MapsException;
import org.mapfiles.cli.output.Terminal;

/** The message about one of several processes names the process once. */
class TargetReportTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7 | no more than 700 files | process 7: no more than 700 files",
                "7 | error 7 | process 7: error 7",
                "7 | process 77 has exited | process 7: process 77 has exited",
                "7 | process 7 has exited | process 7 has exited",
                "7 | /proc/7/maps is not readable | /proc/7/maps is not readable",
                "/h/proc/7 | /h/proc/7/maps: denied | /h/proc/7/maps: denied",
                "/h/proc/7 | /h/proc/77: denied | process /h/proc/7: /h/proc/77: denied"
            })
    void theProcessIsNamedOnce(String process, String message, String reported) throws Exception {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false);
        TargetOptions.report(terminal, process, new MapsException(message));
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("mapfiles: " + reported + "\n");
    }
}
