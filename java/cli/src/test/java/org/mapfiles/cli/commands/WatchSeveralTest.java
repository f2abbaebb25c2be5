package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.RunningWatch;
import org.mapfiles.cli.SpecialMappingsChild;

/** {@code mapfiles watch} of several processes. */
class WatchSeveralTest {
    @TempDir
    Path directory;

    private SpecialMappingsChild child(String name) throws Exception {
        return new SpecialMappingsChild(Files.createDirectory(directory.resolve(name)), List.of(), "plain");
    }

    @Test
    void eachRowHasItsProcess() throws Exception {
        try (SpecialMappingsChild one = child("one");
                SpecialMappingsChild two = child("two")) {
            RunningWatch watch = RunningWatch.initial(one.pid(), two.pid(), "--json");
            for (SpecialMappingsChild child : List.of(one, two)) {
                child.command("unmap plain");
                watch.awaitRow("removed", row -> isRemoved(row, child));
                assertThat(watch.messages()).contains("watching process " + child.pid());
                child.process().destroyForcibly().waitFor();
            }
            watch.awaitExit();
            assertThat(watch.messages())
                    .contains("process " + one.pid() + " has exited", "process " + two.pid() + " has exited");
        }
    }

    private static boolean isRemoved(Map<String, Object> row, SpecialMappingsChild child) {
        return row.get("type").equals("removed")
                && row.get("pid").toString().equals(child.pid())
                && String.valueOf(row.get("path")).endsWith("/plain");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 80})
    void eachLineHasItsPid(int width) throws Exception {
        try (SpecialMappingsChild one = child("one");
                SpecialMappingsChild two = child("two")) {
            String[] arguments = {"watch", one.pid(), two.pid(), "--duration", "1", "--initial"};
            CliResult result = width == 0 ? CliResult.with(arguments) : CliResult.onTerminal(width, arguments);
            assertThat(result.code()).as(result.err()).isZero();
            for (SpecialMappingsChild child : List.of(one, two)) {
                assertThat(result.lines())
                        .anyMatch(line -> line.matches("[0-9:.]+ +" + child.pid() + "  =  [0-9a-f]+-[0-9a-f]+ .*"))
                        .anyMatch(line -> line.startsWith("watched process " + child.pid() + ","));
            }
            assertThat(result.lines()).allMatch(line -> width == 0 || line.length() <= width);
        }
    }

    @Test
    void aProcessThatIsMissingDoesNotEndTheOthers() throws Exception {
        Process exited = new ProcessBuilder("true").start();
        exited.waitFor();
        try (SpecialMappingsChild one = child("one")) {
            CliResult result = CliResult.with("watch", Long.toString(exited.pid()), one.pid(), "--duration", "1");
            assertThat(result.code()).isEqualTo(4);
            assertThat(result.err()).contains("there is no process " + exited.pid());
            assertThat(result.out()).contains("watched process " + one.pid());
        }
        assertThat(CliResult.with("watch").code()).isEqualTo(2);
    }
}
