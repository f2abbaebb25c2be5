package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.cli.output.CheckRows;
import org.mapfiles.cli.output.CheckRows.Check;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AccessChecks;
import org.mapfiles.cli.target.KernelChecks;
import org.mapfiles.cli.target.ToolChecks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Reports what this user may do on this machine. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {"Reports what this user may do here, with remedies.", "", "Example: mapfiles doctor", ""},
        footer = {
            "",
            "Each line is the result of a try, such as reading a process of another user. ok: it works; limited: it does not,"
                    + " or only in part; unknown: it could not be tried. Nothing is changed, and no process is disturbed.",
            "A Landlock or AppArmor sandbox is not reported as such: the lines show what it denies.",
            "",
            "JSON: rows of type check."
        })
public final class DoctorCommand implements Callable<Integer> {
    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    private final Terminal terminal;

    public DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        List<Check> checks = new ArrayList<>(new AccessChecks().run());
        checks.addAll(new KernelChecks().run());
        checks.addAll(new ToolChecks().run());
        if (json) {
            CheckRows.write(checks, terminal);
        } else {
            CheckRows.print(checks, terminal);
        }
        return ExitCode.OK;
    }
}
