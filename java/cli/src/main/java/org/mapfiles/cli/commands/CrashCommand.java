package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.mapfiles.cli.output.CrashJson;
import org.mapfiles.cli.output.CrashPrinter;
import org.mapfiles.cli.output.CrashText;
import org.mapfiles.cli.output.SymbolNames;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.SavedFile;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.SavedMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Reports what the addresses of a crash belong to. */
@Command(
        name = "crash",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Reports what the addresses of a crash belong to.",
            "",
            "Example: mapfiles crash hs_err_pid4711.log",
            ""
        },
        footer = {
            "",
            "The addresses are the instruction, the fault address, registers, frames and threads. Functions and variables are"
                    + " named in files that are the same, or from a debug file with the build ID of the core file. A frame of an hs_err file also has the function that the JVM recorded."
                    + " Frames of interpreted Java methods have no address. A core file records no frames.",
            "The last table lists the files of these addresses, and what is at their paths now. same: the build ID is that of"
                    + " the core file, or device and inode are the same and the file is unchanged since the crash."
                    + " changed_or_touched: the same inode, written to or touched after the crash. replaced: another"
                    + " file. missing: no file. unknown: the last column has the reason. An hs_err file records no build ID, and ? stands for it.",
            "A part of the file that cannot be used is reported on stderr, and the rest is used.",
            "JSON: a row of type crash, then rows of type crash_address."
        })
public final class CrashCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "An hs_err file of a JVM (JDK 8 to 28), or a core file.")
    private String file;

    @Mixin
    private final NameOptions nameOptions = new NameOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public CrashCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        SavedMaps saved = SavedFile.read(file, terminal);
        Crash crash = saved.crash()
                .orElseThrow(() -> new IOException("the file has mappings and no crash: see mapfiles resolve --from"));
        SymbolNames names = nameOptions.names();
        CrashPrinter printer = screen.isJson()
                ? new CrashJson(saved, names, terminal.out())
                : new CrashText(saved, names, terminal, screen.isWide());
        printer.print(crash);
        return ExitCode.OK;
    }
}
