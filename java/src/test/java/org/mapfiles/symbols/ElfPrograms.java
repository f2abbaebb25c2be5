package org.mapfiles.symbols;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Makes programs with the tools of the system, in a directory. A test that needs a missing tool is skipped. */
final class ElfPrograms {
    /**
     * Prints the addresses of a static function, an exported function, a variable, a constant and a constant that is
     * relocated, and waits for the end of its input.
     */
    private static final String SOURCE = "#include <stdio.h>\n"
            + "int variable[8] = {42}; const int constant = 7; const void *const relocated[] = {variable, &constant};\n"
            + "static __attribute__((noinline)) int hidden(int x) { return x * variable[1] + 3; }\n"
            + "__attribute__((noinline)) int exported(int x) { return hidden(x) + variable[2]; }\n"
            + "int main(void) { exported(1); printf(\"%p %p %p %p %p\\n\", (void *)hidden, (void *)exported,"
            + "(void *)variable, (void *)&constant, (void *)relocated);\n"
            + "fflush(stdout); return getchar(); }\n";

    final Path directory;

    ElfPrograms(Path directory) throws IOException {
        this.directory = directory;
        Files.writeString(directory.resolve("program.c"), SOURCE);
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    /** Links the program with options of gcc. */
    Path link(String name, String options) throws Exception {
        sh("gcc -O1 " + options + " -rdynamic -o " + name + " program.c");
        return path(name);
    }

    /**
     * Runs a command of the shell in the directory. Returns its output. Skips the test if the command or a tool is not
     * there.
     */
    String sh(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0, command + ": " + output);
        return output;
    }

    /** Returns the ELF address that nm has for a symbol. */
    long nm(String file, String symbol) throws Exception {
        for (String line : sh("nm " + file).split("\n")) {
            if (line.endsWith(" " + symbol)) {
                return Long.parseUnsignedLong(line.split(" ")[0], 16);
            }
        }
        throw new AssertionError("nm has no " + symbol);
    }

    /** A running program, and the addresses that it printed. */
    static final class Running {
        final Process process;
        final long hidden;
        final long exported;
        final long variable;
        final long constant;
        final long relocated;

        Running(Process process) throws IOException {
            this.process = process;
            String line = process.inputReader().readLine();
            assumeTrue(line != null && line.startsWith("0x"), "the program does not run here: " + line);
            List<Long> addresses = java.util.Arrays.stream(line.split(" "))
                    .map(text -> Long.parseUnsignedLong(text.substring(2), 16))
                    .toList();
            hidden = addresses.get(0);
            exported = addresses.get(1);
            variable = addresses.get(2);
            constant = addresses.get(3);
            relocated = addresses.get(4);
        }
    }
}
