package org.mapfiles.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.cli.commands.CatCommand;
import org.mapfiles.cli.commands.CountCommand;
import org.mapfiles.cli.commands.ExitCode;
import org.mapfiles.cli.commands.FilesCommand;
import org.mapfiles.cli.commands.JvmCommand;
import org.mapfiles.cli.commands.MapsCommand;
import org.mapfiles.cli.commands.ResolveCommand;
import org.mapfiles.cli.commands.SharedCommand;
import org.mapfiles.cli.commands.Version;
import org.mapfiles.cli.commands.WatchCommand;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code mapfiles}. */
@Command(name = "mapfiles", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Which file, and which byte of it, an address of a process belongs to.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {MapsCommand.class, ResolveCommand.class, CountCommand.class, FilesCommand.class, CatCommand.class,
            SharedCommand.class, WatchCommand.class, JvmCommand.class, GenerateCompletion.class, HelpCommand.class},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:an address is in no mapping, or something else failed",
            "2:wrong usage",
            "3:the kernel refuses a look at the process",
            "4:the process is gone",
            "127:Java could not be started"},
        footer = {"", "Completion for bash and zsh: source <(mapfiles generate-completion)"})
public final class Main implements Runnable {
    private static final String MORE_MEMORY = ": set MAPFILES_JAVA_OPTIONS=\"-Xmx1g -XX:MaxDirectMemorySize=2g\", or more";

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    private Main(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Runs the command with the streams of this process, and ends it with the exit code. */
    public static void main(String[] arguments) {
        System.exit(run(Arguments.ofProcess(arguments), Terminal.ofProcess()));
    }

    /** Runs the command with other streams, as a user would see them. */
    public static int run(String[] arguments, InputStream in, OutputStream out, OutputStream err) {
        return run(arguments, new Terminal(in, out, err, false));
    }

    private static int run(String[] arguments, Terminal terminal) {
        CommandLine line = new CommandLine(new Main(terminal), new Factory(terminal));
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.isColoured() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setParameterExceptionHandler(Main::explainUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> explain(e, terminal));
        try {
            int code = line.execute(arguments);
            terminal.flush();
            return code;
        } catch (UnsatisfiedLinkError e) {
            terminal.complain(e.getMessage());
            return ExitCode.NOT_RESOLVED;
        } catch (OutOfMemoryError e) {
            return explain(e, terminal);
        } catch (Terminal.Closed e) {
            return ExitCode.OK; // nobody reads on: the end of a pipe such as "| head" is no failure
        } catch (IOException e) {
            terminal.complain(e);
            return ExitCode.NOT_RESOLVED;
        }
    }

    /** Without a command: what there is. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int explainUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        String message = e.getMessage() == null ? "wrong usage" : e.getMessage().replaceFirst("\\.$", "");
        command.getErr().println("mapfiles: " + Printable.message(message) + ": see " + command.getCommandSpec().qualifiedName()
                + " --help");
        return ExitCode.USAGE;
    }

    /** As {@link #explain(Exception, Terminal)}. A JVM without its threads is one that could not start. */
    private static int explain(OutOfMemoryError failure, Terminal terminal) {
        if (String.valueOf(failure.getMessage()).contains("native thread")) { // Thread.start()
            terminal.complain("Java cannot start a thread: raise ulimit -u, or pids.max of the control group");
            return ExitCode.CANNOT_START;
        }
        terminal.complain("not enough memory for this process (" + failure.getMessage() + ")" + moreMemory());
        return ExitCode.NOT_RESOLVED;
    }

    /** The remedy. Within a control group that has less memory, larger sizes would only get this process killed. */
    private static String moreMemory() {
        Long limit = Long.getLong("mapfiles.memory-limit");
        return limit == null ? MORE_MEMORY : ": run it outside of this control group, whose limit of memory is " + Sizes.human(limit)
                + ", or raise that limit";
    }

    /** One line on stderr that says what to do, and the exit code. */
    private static int explain(Exception failure, Terminal terminal) throws Exception {
        if (failure instanceof Terminal.Closed) {
            return ExitCode.OK;
        }
        if (failure instanceof NotEnoughMemoryException) {
            if (!((NotEnoughMemoryException) failure).isTooLarge()) {
                return explain((OutOfMemoryError) failure.getCause(), terminal);
            }
            terminal.complain(failure);
            return ExitCode.NOT_RESOLVED;
        }
        if (failure instanceof IOException || failure instanceof IllegalArgumentException) {
            terminal.complain(failure);
            return failure instanceof ProcessExitedException ? ExitCode.EXITED : failure instanceof PermissionDeniedException ? ExitCode.DENIED
                    : failure instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.NOT_RESOLVED;
        }
        throw failure;
    }

    /** Gives each command the terminal. */
    private static final class Factory implements CommandLine.IFactory {
        private final Terminal terminal;

        Factory(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public <T> T create(Class<T> type) throws Exception {
            if (type == MapsCommand.class) {
                return type.cast(new MapsCommand(terminal));
            }
            if (type == ResolveCommand.class) {
                return type.cast(new ResolveCommand(terminal));
            }
            if (type == CountCommand.class) {
                return type.cast(new CountCommand(terminal));
            }
            if (type == FilesCommand.class) {
                return type.cast(new FilesCommand(terminal));
            }
            if (type == CatCommand.class) {
                return type.cast(new CatCommand(terminal));
            }
            if (type == SharedCommand.class) {
                return type.cast(new SharedCommand(terminal));
            }
            if (type == WatchCommand.class) {
                return type.cast(new WatchCommand(terminal));
            }
            if (type == JvmCommand.class) {
                return type.cast(new JvmCommand(terminal));
            }
            return CommandLine.defaultFactory().create(type);
        }
    }
}
