package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Processes;
import org.mapfiles.cli.target.Target;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.internal.ErrorText;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The processes that a command reads: one, several, or all. */
final class TargetOptions {
    static final String DESCRIPTION = "PID, self, main class or jar of a JVM, /proc/PID";

    static final String ALL = "All processes that this user may read.";

    static final String ALL_AND_PROCESS = "--all cannot be combined with a process";

    @Parameters(paramLabel = "PID|self", arity = "0..*", description = DESCRIPTION + ".")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--all", description = ALL)
    private boolean all;

    /** The process whose name was printed last; null: none was. */
    private ProcessMaps named;

    /** The PID of the process whose rows were printed last; 0: no row was. */
    private int printed;

    /** Reads one process. */
    interface Action {
        void read(ProcessMaps maps) throws IOException;
    }

    /** Returns whether the command reads several processes. */
    boolean isSeveral() {
        return all || arguments.size() > 1;
    }

    /**
     * Reads each process. With one process a failure is thrown. With several, failures are reported and the other
     * processes are read. With --all, processes without mappings and those that exit are left out, and those that may
     * not be read are counted.
     *
     * @return the exit code
     */
    int forEach(Terminal terminal, Action action) throws IOException {
        return forEach(terminal, action, false);
    }

    /**
     * As {@link #forEach(Terminal, Action)}.
     *
     * @param isSilent whether the action prints nothing, so that progress is shown
     */
    int forEach(Terminal terminal, Action action, boolean isSilent) throws IOException {
        if (all && !arguments.isEmpty()) {
            throw new UsageException(ALL_AND_PROCESS);
        }
        if (all) {
            return readAll(terminal, action, isSilent);
        }
        if (arguments.isEmpty()) {
            throw new UsageException("PID|self or --all is missing");
        }
        List<Target> targets = targets(arguments);
        return targets.size() == 1 ? readOne(targets.get(0), action) : readSeveral(targets, terminal, action);
    }

    /**
     * Returns the processes of the arguments. A converter of picocli does not help: picocli reports what it cannot
     * convert as one argument too many.
     */
    static List<Target> targets(List<String> arguments) {
        List<Target> targets = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String argument : arguments) {
            Target target = Target.parse(argument);
            if (!names.add(target.toString())) {
                throw new UsageException("a process is given twice: " + target);
            }
            targets.add(target);
        }
        return targets;
    }

    private static int readOne(Target target, Action action) throws IOException {
        try (ProcessMaps maps = target.open()) {
            action.read(maps);
        }
        return ExitCode.OK;
    }

    private static int readSeveral(List<Target> targets, Terminal terminal, Action action) throws IOException {
        int code = ExitCode.OK;
        for (Target target : targets) {
            try (ProcessMaps maps = target.open()) {
                action.read(maps);
            } catch (NotEnoughMemoryException e) {
                throw e;
            } catch (MapsException e) {
                report(terminal, target.toString(), e);
                code = ExitCode.first(code, ExitCode.of(e));
            }
        }
        return code;
    }

    private int readAll(Terminal terminal, Action action, boolean isSilent) throws IOException {
        int denied = 0;
        int code = ExitCode.OK;
        MapsException first = null;
        int[] pids = Processes.pids();
        int read = 0;
        try (Progress progress = new Progress(terminal, "reading")) {
            for (int i = 0; i < pids.length; i++) {
                if (isSilent) {
                    progress.update(read, () -> Processes.countWithMemory(pids), "processes");
                }
                try (ProcessMaps maps = Target.of(pids[i]).open()) {
                    action.read(maps);
                    read++;
                } catch (ProcessExitedException leftOut) {
                    if (printed == pids[i]) { // it may also have called execve(2)
                        terminal.flush();
                        terminal.report("the list of process " + pids[i] + " is incomplete: " + ErrorText.of(leftOut));
                    }
                } catch (NotSupportedException kernelThread) {
                    continue;
                } catch (PermissionDeniedException e) {
                    denied++;
                    read++;
                    first = first == null ? e : first;
                } catch (NotEnoughMemoryException e) {
                    throw e;
                } catch (MapsException e) {
                    report(terminal, Integer.toString(pids[i]), e); // of a kind that nothing explains
                    code = ExitCode.of(e);
                }
            }
        }
        if (denied > 0) {
            terminal.flush();
            terminal.report(denied
                    + (denied == 1 ? " process is left out: " : " processes are left out: ")
                    + first.getMessage());
        }
        return code;
    }

    /** Reports the failure of one of several processes. */
    static void report(Terminal terminal, String process, MapsException failure) throws IOException {
        terminal.flush();
        String message = ErrorText.of(failure);
        terminal.report(isNamed(process, message) ? message : "process " + process + ": " + message);
    }

    /** Returns whether a message names a process. The same digits may be another number in it. */
    private static boolean isNamed(String process, String message) {
        String before = process.startsWith("/") ? "" : "(process |/proc/)";
        return Pattern.compile(before + Pattern.quote(process) + "(?!\\d)")
                .matcher(message)
                .find();
    }

    /** Returns whether a process without rows is left out: with --all most processes may have none. */
    boolean leavesOutEmpty() {
        return all;
    }

    /** Records that a row of a process is printed. If it exits before its last row, that is reported with --all too. */
    void notePrinted(ProcessMaps maps) {
        printed = maps.pid();
    }

    /** Prints the name of a process above its table, once, if the command reads several processes. */
    void printHeading(Terminal terminal, ProcessMaps maps, boolean isWide) throws IOException {
        notePrinted(maps);
        if (isSeveral() && maps != named) {
            if (named != null) {
                terminal.out().write('\n');
            }
            terminal.line(Processes.label(maps.pid()), isWide);
            named = maps;
        }
    }
}
