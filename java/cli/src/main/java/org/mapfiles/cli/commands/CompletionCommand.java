package org.mapfiles.cli.commands;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.mapfiles.cli.output.Terminal;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the completion script for bash and zsh. It offers processes with their names. */
@Command(
        name = "generate-completion",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Prints the completion script for bash and zsh.",
            "",
            "Example: source <(mapfiles generate-completion)",
            ""
        })
public final class CompletionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    public CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        terminal.out().write(script(spec.root().commandLine()).getBytes(StandardCharsets.UTF_8));
        return ExitCode.OK;
    }

    /** Returns the script for a command: that of picocli for commands and options, and processes. */
    public static String script(CommandLine root) throws IOException {
        try (InputStream processes = CompletionCommand.class.getResourceAsStream("processes.bash")) {
            return AutoComplete.bash("mapfiles", root) + new String(processes.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
