package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.RangeChanges;
import org.mapfiles.cli.output.StateDifference;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.ProcessState;
import org.mapfiles.cli.target.StateArgument;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares two states of a process, or of two processes. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Compares the mappings of a process at two moments.",
            "Files are compared by build ID, size, and bytes in memory.",
            "",
            "Example: mapfiles diff before 4711",
            ""
        },
        footer = {
            "",
            "A state is a file of 'mapfiles save', or a process as it is now. Files of 'mapfiles maps --json', text of"
                    + " /proc/PID/maps, hs_err files and core files are read too. Of these only 'maps --json --rss' has"
                    + " bytes in memory, and only 'maps --json --elf' and core files have build IDs. Without build IDs"
                    + " files are compared by path.",
            "",
            "+ is new, - does not exist any more, ~ has changed, ? is unknown. The last line has the change in"
                    + " parentheses. A file that was replaced by one with another build ID has two lines.",
            "",
            "--mappings needs two states of the same run of one process.",
            "",
            "Exit code: 1 if a part of a file cannot be used; the rest is compared.",
            "",
            "JSON: rows of type group_change, one for each file with a build ID and for other memory by kind and name;"
                    + " with --mappings rows of type mapping_change; last a row of type total_change. pid is that of STATE2."
        })
public final class DiffCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "STATE1",
            description = "The earlier state: a file, or " + TargetOptions.DESCRIPTION + ".")
    private String first;

    @Parameters(index = "1", paramLabel = "STATE2", description = "The later state.")
    private String second;

    @Option(names = "--mappings", description = "Also each mapping that was added, removed or changed.")
    private boolean mappings;

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public DiffCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        ProcessState before = StateArgument.read(first, terminal);
        ProcessState now = StateArgument.read(second, terminal);
        StateDifference difference = StateDifference.of(before.entries(), now.entries());
        boolean isSameProcess = before.identity().isSameProcess(now.identity());
        if (mappings && !isSameProcess) {
            terminal.report("ranges are not compared: the two states are not known to be of one process");
        }
        boolean needsRanges = mappings || (difference.isEmpty() && !screen.isJson());
        RangeChanges ranges = needsRanges && isSameProcess
                ? RangeChanges.of(before.entries(), before.snapshot(), now.entries(), now.snapshot())
                : null;
        if (screen.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            if (ranges != null) {
                ranges.write(lines, now.identity().pid());
            }
            difference.write(lines, now.identity().pid());
        } else {
            int changes = ranges == null ? 0 : ranges.count();
            if (mappings && changes > 0) {
                ranges.print(terminal, screen.isWide());
            }
            difference.print(terminal, screen.isWide(), changes, mappings);
        }
        return before.isWhole() && now.isWhole() ? ExitCode.OK : ExitCode.NOT_RESOLVED;
    }
}
