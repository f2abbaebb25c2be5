package org.mapfiles.cli;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.cli.commands.CompletionCommand;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/** Writes a manual page for each command, in AsciiDoc, and the completion script of the tarball. */
final class ManualMain {
    private ManualMain() {}

    /** Arguments: the directory of the manual pages, the file of the completion script, the version. */
    public static void main(String[] arguments) throws Exception {
        CommandLine line = RootCommand.commandLine(new Terminal(
                new ByteArrayInputStream(new byte[0]),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream(),
                false));
        List<CommandSpec> commands = new ArrayList<>(List.of(line.getCommandSpec()));
        line.getSubcommands().values().forEach(command -> commands.add(command.getCommandSpec()));
        for (CommandSpec command : commands) { // else the pages have the versions of this machine's Java and kernel
            command.versionProvider(null).version("mapfiles " + arguments[2]);
            command.usageMessage().footerHeading("Notes%n"); // a footer without a heading is left out
        }
        Path manual = Files.createDirectories(Path.of(arguments[0]));
        int code = ManPageGenerator.generateManPage(
                manual.toFile(), null, new boolean[0], true, commands.toArray(CommandSpec[]::new));
        if (code != 0) {
            throw new IllegalStateException("no manual pages: " + code);
        }
        Path completion = Path.of(arguments[1]);
        Files.createDirectories(completion.getParent());
        Files.writeString(completion, CompletionCommand.script(line));
    }
}
