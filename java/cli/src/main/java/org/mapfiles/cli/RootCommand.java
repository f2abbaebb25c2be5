package org.mapfiles.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.mapfiles.cli.commands.ExitCode;
import org.mapfiles.cli.commands.UsageMessage;
import org.mapfiles.cli.commands.Version;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command {@code mapfiles} as picocli sees it. It is used for what {@link QuickParser} leaves to it. The classes of
 * picocli are in no class archive of JDK 25, so that the first of them opens the jar.
 */
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
final class RootCommand implements Runnable {
    /** The completion script is made from all commands. */
    private static final String COMPLETION = "generate-completion";

    private static final int MAX_HELP = 80;
    /** The least width that picocli accepts. */
    private static final int MIN_HELP = 55;

    @Spec
    private CommandSpec spec;

    private RootCommand() {}

    /** Help is made for 80 columns. Wider text is harder to read. */
    private static int helpWidth(int width) {
        return width == 0 ? MAX_HELP : Math.max(MIN_HELP, Math.min(width, MAX_HELP));
    }

    /** Returns the command and its subcommands. */
    static CommandLine commandLine(Terminal terminal) {
        CommandLine line = new CommandLine(new RootCommand());
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
                : new CommandLine(new RootCommand()).addSubcommand(entry.name(), entry.command(terminal));
    }

    /** Parses the command line, and runs the command. Returns the exit code. */
    static int run(String[] arguments, Terminal terminal) {
        CommandLine line = commandLine(arguments, terminal);
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.isColoured() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setUsageHelpWidth(helpWidth(terminal.width()));
        line.setExpandAtFiles(false); // an argument such as @name is a name
        line.setExecutionStrategy(RootCommand::execute);
        line.setParameterExceptionHandler(RootCommand::explainUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> Main.explain(e, command.getCommandName(), terminal));
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
}
