package org.mapfiles.cli.commands;

import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.StateJson;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.ProcessIdentity;
import org.mapfiles.cli.target.StateReader;
import org.mapfiles.cli.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the state of the mappings of a process, for a later comparison. */
@Command(
        name = "save",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Writes the mappings of a process, for 'mapfiles diff'.",
            "They have build IDs and bytes in memory.",
            "",
            "Example: mapfiles save 4711 > before",
            ""
        },
        footer = {
            "",
            "'mapfiles resolve --from' reads the file too.",
            "",
            "JSON: the output is always rows: one of type saved, one of type saved_mapping for each mapping, and one of"
                    + " type saved_end. Without the last row the file was cut."
        })
public final class SaveCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PID|self",
            converter = Converters.OfTarget.class,
            description = TargetOptions.DESCRIPTION + ".")
    private Target target;

    @SuppressWarnings("UnusedVariable") // the output is always JSON
    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    private final Terminal terminal;

    public SaveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        try (ProcessMaps maps = target.open()) {
            ProcessIdentity process = ProcessIdentity.of(maps.pid());
            StateReader reader = new StateReader(maps);
            StateJson json = new StateJson(terminal.out(), process.pid());
            json.begin(process.name(), Instant.now().toString(), process.started(), process.bootId());
            reader.read(json::mapping);
            json.end();
            if (reader.pagesDenial() != null) {
                terminal.report("the sizes in memory are unknown: "
                        + reader.pagesDenial().getMessage());
            }
            if (reader.isInconsistent()) {
                terminal.report("mappings changed while they were read: some may be missing, or saved in two states;"
                        + " save them again");
            }
        }
        return ExitCode.OK;
    }
}
