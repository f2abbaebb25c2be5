package org.mapfiles.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.cli.commands.CatCommand;
import org.mapfiles.cli.commands.CompletionCommand;
import org.mapfiles.cli.commands.CountCommand;
import org.mapfiles.cli.commands.CrashCommand;
import org.mapfiles.cli.commands.DiffCommand;
import org.mapfiles.cli.commands.DoctorCommand;
import org.mapfiles.cli.commands.ExitCode;
import org.mapfiles.cli.commands.FilesCommand;
import org.mapfiles.cli.commands.HtmlCommand;
import org.mapfiles.cli.commands.JvmCommand;
import org.mapfiles.cli.commands.MapsCommand;
import org.mapfiles.cli.commands.ResolveCommand;
import org.mapfiles.cli.commands.SaveCommand;
import org.mapfiles.cli.commands.SharedCommand;
import org.mapfiles.cli.commands.StaleCommand;
import org.mapfiles.cli.commands.UsageMessage;
import org.mapfiles.cli.commands.Version;
import org.mapfiles.cli.commands.WatchCommand;
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
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:an address is in no mapping, no mapping has the name, or another failure",
            "2:wrong usage",
            "3:a permission is missing",
            "4:the process has exited",
            "5:a process runs outdated code (stale)",
            "127:Java could not be started"
        },
        footer = {
            "",
            "Completion for bash and zsh: source <(mapfiles generate-completion)",
            "Columns, and fields of --json: docs/reference, or share/doc/mapfiles"
        })
public final class Main implements Runnable {
    /** In the order of help. */
    private static final List<String> COMMANDS = List.of(
            "maps",
            "resolve",
            "count",
            "files",
            "cat",
            "shared",
            "watch",
            "jvm",
            "crash",
            "stale",
            "save",
            "diff",
            "html",
            "doctor",
            "generate-completion",
            "help");

    private static final String MORE_MEMORY =
            ": set MAPFILES_JAVA_OPTIONS=\"-Xmx1g -XX:MaxDirectMemorySize=2g\", or more";

    /** How messages of the library end, and what a user of the command line sets for that. */
    private static final String LIBRARY_OPTION = "with -Dorg.mapfiles.library.path=";

    private static final String LIBRARY_VARIABLE = "with MAPFILES_JAVA_OPTIONS=-Dorg.mapfiles.library.path=FILE";

    private static final int MAX_HELP = 80;
    /** The least width that picocli accepts. */
    private static final int MIN_HELP = 55;

    @Spec
    private CommandSpec spec;

    private Main() {}

    /** Runs the command with the streams of this process, and exits with its exit code. */
    public static void main(String[] arguments) {
        TimeLimit.start(System.err);
        System.exit(run(Arguments.ofProcess(arguments), Terminal.ofProcess()));
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
        return commandLine(terminal, COMMANDS);
    }

    /**
     * Returns the command with some subcommands. Picocli reads the annotations of each, which takes longer than most
     * commands themselves.
     */
    private static CommandLine commandLine(Terminal terminal, List<String> names) {
        CommandLine line = new CommandLine(new Main());
        names.forEach(name -> line.addSubcommand(name, command(name, terminal)));
        return line;
    }

    /** Returns the subcommand that arguments begin with; all, if they begin with none, or with one that needs them. */
    private static List<String> needed(String[] arguments) {
        String first = arguments.length == 0 ? "" : arguments[0];
        boolean isAlone = COMMANDS.contains(first) && !first.equals("help") && !first.equals("generate-completion");
        return isAlone ? List.of(first) : COMMANDS;
    }

    /** Runs the command with a terminal. Returns the exit code. */
    static int run(String[] arguments, Terminal terminal) {
        CommandLine line = commandLine(terminal, needed(arguments));
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.isColoured() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setUsageHelpWidth(helpWidth(terminal.width()));
        line.setExpandAtFiles(false); // an argument such as @name is a name
        line.setExecutionStrategy(Main::execute);
        line.setParameterExceptionHandler(Main::explainUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> explain(e, terminal));
        try {
            int code = line.execute(arguments);
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
     * As {@link #explain(Exception, Terminal)}. A JVM that cannot start a thread is reported as a JVM that could not
     * start.
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
    private static int explain(Exception failure, Terminal terminal) throws Exception {
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
        throw failure;
    }

    /** Makes a command. Null: there is none of this name. */
    private static Object command(String name, Terminal terminal) {
        switch (name) {
            case "maps":
                return new MapsCommand(terminal);
            case "resolve":
                return new ResolveCommand(terminal);
            case "count":
                return new CountCommand(terminal);
            case "files":
                return new FilesCommand(terminal);
            case "cat":
                return new CatCommand(terminal);
            case "shared":
                return new SharedCommand(terminal);
            case "watch":
                return new WatchCommand(terminal);
            case "jvm":
                return new JvmCommand(terminal);
            case "crash":
                return new CrashCommand(terminal);
            case "stale":
                return new StaleCommand(terminal);
            case "save":
                return new SaveCommand(terminal);
            case "diff":
                return new DiffCommand(terminal);
            case "html":
                return new HtmlCommand(terminal);
            case "doctor":
                return new DoctorCommand(terminal);
            case "generate-completion":
                return new CompletionCommand();
            case "help":
                return new HelpCommand();
            default:
                return null;
        }
    }
}
