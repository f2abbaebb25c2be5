package org.mapfiles.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.cli.commands.ExitCode;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.StandardOutput;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.UsageException;

/** The program: runs the command that its arguments name, and explains failures. */
public final class Main {
    private static final String MORE_MEMORY =
            ": set MAPFILES_JAVA_OPTIONS=\"-Xmx1g -XX:MaxDirectMemorySize=2g\", or more";

    /** How messages of the library end, and what a user of the command line sets for that. */
    private static final String LIBRARY_OPTION = "with -Dorg.mapfiles.library.path=";

    private static final String LIBRARY_VARIABLE = "with MAPFILES_JAVA_OPTIONS=-Dorg.mapfiles.library.path=FILE";

    private Main() {}

    /** Runs the command with the streams of this process, and exits with its exit code. */
    public static void main(String[] arguments) {
        TimeLimit.start(System.err);
        int code = run(Arguments.ofProcess(arguments), Terminal.ofProcess());
        // Since JDK 21 System.exit() searches a logger, which takes a sixth of a short run. All other threads are
        // daemons.
        if (code != ExitCode.OK) {
            System.exit(code);
        }
    }

    /** Runs the command with other streams. Returns the exit code. */
    public static int run(String[] arguments, InputStream in, OutputStream out, OutputStream err) {
        return run(arguments, new Terminal(in, out, err, false));
    }

    /** Runs the command with a terminal. Returns the exit code. */
    static int run(String[] arguments, Terminal terminal) {
        try {
            Callable<Integer> command = QuickParser.parse(arguments, terminal);
            int code = command == null ? RootCommand.run(arguments, terminal) : run(command, arguments[0], terminal);
            terminal.flush();
            return code;
        } catch (UnsatisfiedLinkError e) {
            terminal.report(e.getMessage().replace(LIBRARY_OPTION, LIBRARY_VARIABLE));
            return ExitCode.NOT_RESOLVED;
        } catch (OutOfMemoryError e) {
            return explain(e, terminal);
        } catch (StandardOutput.ClosedException e) {
            return ExitCode.OK; // such as "| head": that its reader has enough is not a failure
        } catch (IOException e) {
            terminal.report(e);
            return ExitCode.NOT_RESOLVED;
        }
    }

    private static int run(Callable<Integer> command, String name, Terminal terminal) {
        try {
            return command.call();
        } catch (Exception e) {
            return explain(e, name, terminal);
        }
    }

    /**
     * As {@link #explain(Exception, String, Terminal)}. A JVM that cannot start a thread is reported as a JVM that
     * could not start.
     */
    private static int explain(OutOfMemoryError failure, Terminal terminal) {
        if (String.valueOf(failure.getMessage()).contains("native thread")) { // Thread.start()
            terminal.report("Java cannot start a thread: raise ulimit -u, or pids.max of the control group");
            return ExitCode.CANNOT_START;
        }
        terminal.report("not enough memory for this process (" + failure.getMessage() + ")" + moreMemory());
        return ExitCode.NOT_RESOLVED;
    }

    /**
     * Returns the remedy. In a control group with too little memory, more memory for Java would only get this process
     * killed.
     */
    private static String moreMemory() {
        Long limit = Long.getLong("mapfiles.memory-limit");
        return limit == null
                ? MORE_MEMORY
                : ": run it outside of this control group, whose limit of memory is " + Sizes.human(limit)
                        + ", or raise that limit";
    }

    /** Prints one line on stderr, and returns the exit code. */
    static int explain(Exception failure, String command, Terminal terminal) {
        if (failure instanceof UsageException) {
            terminal.report(failure.getMessage() + ": see mapfiles " + command + " --help");
            return ExitCode.USAGE;
        }
        if (failure instanceof StandardOutput.ClosedException) {
            return ExitCode.OK;
        }
        if (failure instanceof NotEnoughMemoryException) {
            if (!((NotEnoughMemoryException) failure).isTooLarge()) {
                return explain((OutOfMemoryError) failure.getCause(), terminal);
            }
            terminal.report(failure);
            return ExitCode.NOT_RESOLVED;
        }
        if (failure instanceof IOException || failure instanceof IllegalArgumentException) {
            terminal.report(failure);
            return ExitCode.of(failure);
        }
        throw failure instanceof RuntimeException ? (RuntimeException) failure : new IllegalStateException(failure);
    }
}
