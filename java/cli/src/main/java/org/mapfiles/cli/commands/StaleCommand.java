package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.StaleRows;
import org.mapfiles.cli.output.StaleRows.Subject;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Processes;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.symbols.CodeUpdate;
import org.mapfiles.symbols.CodeUpdates;
import org.mapfiles.symbols.SymbolCache;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the processes that run outdated code. */
@Command(
        name = "stale",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Lists the processes that run outdated code.",
            "An update has replaced their programs or libraries.",
            "",
            "Example: mapfiles stale --all",
            ""
        },
        footer = {
            "",
            "outdated       a restart would run other code: another file with another build",
            "               ID or other bytes is at the path",
            "replaced same  another file with the same code is at the path; not listed",
            "               without --verbose",
            "deleted        nothing is at the path, as after a program has extracted a",
            "               library and deleted it; not listed without --verbose",
            "unknown        it cannot be determined, mostly since a permission is missing",
            "",
            "The path is the one by which the process loaded the file, if that is known; else that of the mapping. Scripts,"
                    + " class files and jars are not checked.",
            "",
            "Exit code: 5 if something is outdated; else 3 if something is unknown; else 0.",
            "",
            "JSON: rows of type stale_file, one for each file that is not current."
        })
public final class StaleCommand implements Callable<Integer> {
    private static final int CACHE_BYTES = 1 << 20;

    @Parameters(paramLabel = "PID|self", arity = "0..*", description = TargetOptions.DESCRIPTION + ".")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--all", description = TargetOptions.ALL)
    private boolean all;

    @Option(names = "--verbose", description = "Also files in the states replaced same and deleted.")
    private boolean verbose;

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;
    private StaleRows rows;
    private int checked;
    private int denied;
    private String firstDenial;
    private int failure;

    public StaleCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (all == !arguments.isEmpty()) {
            throw new UsageException(all ? TargetOptions.ALL_AND_PROCESS : "PID|self or --all is missing");
        }
        rows = screen.isJson() ? StaleRows.json(terminal) : StaleRows.text(terminal, screen.isWide(), verbose);
        int[] pids = all
                ? Processes.pids()
                : TargetOptions.targets(arguments).stream()
                        .mapToInt(target -> (int) target.pid())
                        .distinct()
                        .toArray();
        try (Progress progress = new Progress(terminal, "checking")) {
            for (int pid : pids) {
                progress.update(checked + denied, () -> Processes.countWithMemory(pids), "processes");
                checkOrReport(pid);
            }
        }
        if (checked + denied > 0 || failure == ExitCode.OK) { // otherwise what failed is reported already
            rows.end(checked, denied);
        }
        if (all && !screen.isJson() && denied > 0) {
            terminal.flush();
            terminal.report(
                    denied + (denied == 1 ? " process" : " processes") + " could not be checked: " + firstDenial);
        }
        return exitCode();
    }

    private void checkOrReport(int pid) throws IOException {
        Subject process = new Subject(pid, Processes.name(pid));
        try {
            check(process);
        } catch (PermissionDeniedException e) {
            denied++;
            firstDenial = firstDenial == null ? e.getMessage() : firstDenial;
            if (screen.isJson() || !all) {
                rows.unknown(process, e.getMessage());
            }
        } catch (ProcessExitedException e) {
            fail(e, ExitCode.EXITED);
        } catch (NotSupportedException e) {
            fail(e, ExitCode.NOT_RESOLVED);
        } catch (NotEnoughMemoryException e) {
            throw e;
        } catch (MapsException e) {
            TargetOptions.report(terminal, Integer.toString(pid), e); // of a kind that nothing explains
            failure = ExitCode.first(failure, ExitCode.NOT_RESOLVED);
        }
    }

    /** With --all a process that has exited, and a kernel thread, are no failure. */
    private void fail(MapsException e, int code) {
        if (!all) {
            terminal.report(e);
            failure = ExitCode.first(failure, code);
        }
    }

    private void check(Subject process) throws IOException {
        try (ProcessMaps maps = ProcessMaps.of(process.pid());
                SymbolCache cache = SymbolCache.ofBytes(CACHE_BYTES)) {
            for (CodeUpdate update : CodeUpdates.of(maps, cache).read()) {
                if (update.state() != CodeUpdate.State.CURRENT) {
                    rows.file(process, update);
                }
            }
            checked++;
        }
    }

    private int exitCode() {
        if (rows.count(CodeUpdate.State.OUTDATED) > 0) {
            return ExitCode.OUTDATED;
        }
        if (failure != ExitCode.OK) {
            return failure;
        }
        return denied > 0 || rows.count(CodeUpdate.State.UNKNOWN) > 0 ? ExitCode.DENIED : ExitCode.OK;
    }
}
