package org.mapfiles.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.cli.commands.ExitCode;
import org.mapfiles.cli.commands.UsageException;
import org.mapfiles.cli.commands.UsageMessage;
import org.mapfiles.cli.commands.Version;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.StandardOutput;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code mapfiles}. */
@Command(
        name = "mapfiles",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Finds the file, the byte, the function and the Java method that an address of a",
            "process belongs to, and shows what the memory of processes is for.",
            "",
            "Example: mapfiles maps self",
            ""
        },
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:an address is in no mapping, no mapping has the name, or another failure",
            "2:wrong usage",
            "3:a permission is missing",
            "4:the process has exited",
            "5:a process runs outdated code (stale)",
            "127:Java could not be started",
            "130:Ctrl-C has ended the command"
        },
        footer = {
            "",
            "Completion for bash and zsh: source <(mapfiles generate-completion)",
            "Faster starts of a release: mapfiles --make-class-archive, once",
            "Columns, and fields of --json: docs/reference, or share/doc/mapfiles"
        })
public final class Main implements Runnable {
    private static final String MORE_MEMORY =
            ": set MAPFILES_JAVA_OPTIONS=\"-Xmx1g -XX:MaxDirectMemorySize=2g\", or more";

    /** How messages of the library end, and what a user of the command line sets for that. */
    private static final String LIBRARY_OPTION = "with -Dorg.mapfiles.library.path=";

    private static final String LIBRARY_VARIABLE = "with MAPFILES_JAVA_OPTIONS=-Dorg.mapfiles.library.path=FILE";

    /** The completion script is made from all commands. */
    private static final String COMPLETION = "generate-completion";

    private static final int MAX_HELP = 80;
    /** The least width that picocli accepts. */
    private static final int MIN_HELP = 55;

    @Spec
    private CommandSpec spec;

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

    /** Help is made for 80 columns. Wider text is harder to read. */
    private static int helpWidth(int width) {
        return width == 0 ? MAX_HELP : Math.max(MIN_HELP, Math.min(width, MAX_HELP));
    }

    /** Returns the command and its subcommands. */
    static CommandLine commandLine(Terminal terminal) {
        CommandLine line = new CommandLine(new Main());
        for (CommandEntry entry : CommandEntry.ALL) {
            line.addSubcommand(entry.name(), entry.command(terminal));
        }
        line.addSubcommand("help", new HelpCommand());
        line.getSubcommands().get("help").getCommandSpec().usageMessage().description("Prints the help of a command.");
        return line;
    }

    /**
     * Returns the command with the subcommand that arguments begin with; with all, if they begin with none, or with one
     * that needs them. Picocli reads the annotations of each, which takes longer than most commands themselves.
     */
    private static CommandLine commandLine(String[] arguments, Terminal terminal) {
        CommandEntry entry = arguments.length == 0 ? null : CommandEntry.of(arguments[0]);
        return entry == null || entry.name().equals(COMPLETION)
                ? commandLine(terminal)
                : new CommandLine(new Main()).addSubcommand(entry.name(), entry.command(terminal));
    }

    /** Runs the command with a terminal. Returns the exit code. */
    static int run(String[] arguments, Terminal terminal) {
        try {
            Callable<Integer> command = QuickParser.parse(arguments, terminal);
            int code = command == null ? parseAndRun(arguments, terminal) : run(command, arguments[0], terminal);
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

    /** Parses the command line by picocli, and runs the command. */
    private static int parseAndRun(String[] arguments, Terminal terminal) {
        CommandLine line = commandLine(arguments, terminal);
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.isColoured() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setUsageHelpWidth(helpWidth(terminal.width()));
        line.setExpandAtFiles(false); // an argument such as @name is a name
        line.setExecutionStrategy(Main::execute);
        line.setParameterExceptionHandler(Main::explainUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> explain(e, command.getCommandName(), terminal));
        return line.execute(arguments);
    }

    /** Prints the list of commands. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Picocli accepts any further arguments beside help. */
    private static int execute(ParseResult parsed) {
        for (CommandLine command : parsed.asCommandLineList()) {
            if (!command.getUnmatchedArguments().isEmpty()) {
                throw new UnmatchedArgumentException(command, command.getUnmatchedArguments());
            }
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static int explainUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        command.getErr()
                .println("mapfiles: " + Printable.message(UsageMessage.of(e)) + ": see "
                        + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
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
    private static int explain(Exception failure, String command, Terminal terminal) {
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
