package org.mapfiles.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Makes programs with the tools of the system, in a directory. A test that needs a missing tool is skipped. */
public final class Programs {
    /**
     * Prints the address of outer, in which inner is inlined, and waits for the end of its input. The lines of both
     * functions are in program.c.
     */
    private static final String SOURCE = """
            #include <stdio.h>
            static inline __attribute__((always_inline)) int inner(volatile int *x) { return *x * 3; }
            __attribute__((noinline)) int outer(volatile int *x) {
                return inner(x) + 1;
            }
            int main(void) { volatile int v = 1; printf("%p\\n", (void *)outer); fflush(stdout); outer(&v); return getchar(); }
            """;

    public static final int LINE_OF_INNER = 2;
    public static final int LINE_OF_OUTER = 4;

    private final Path directory;

    public Programs(Path directory) throws IOException {
        this.directory = directory.toRealPath();
        Files.writeString(path("program.c"), SOURCE);
    }

    public Path path(String name) {
        return directory.resolve(name);
    }

    /** Runs a command of the shell in the directory. Returns its output. Skips the test if it fails. */
    public String sh(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0, command + ": " + output);
        return output;
    }

    /** Compiles the program with debug information. */
    public Path compile(String name) throws Exception {
        sh("gcc -g -O1 -o './" + name + "' program.c");
        return path(name);
    }

    /** Returns the ELF address that nm has for a symbol. */
    public long nm(String name, String symbol) throws Exception {
        for (String line : sh("nm './" + name + "'").split("\n")) {
            if (line.endsWith(" " + symbol)) {
                return Long.parseUnsignedLong(line.split(" ")[0], 16);
            }
        }
        throw new AssertionError("nm has no " + symbol);
    }

    /** Starts a program, and waits until it has printed its address. */
    public Running start(String name) throws IOException {
        return new Running(new ProcessBuilder(path(name).toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    /** A running program. */
    public static final class Running implements AutoCloseable {
        private final Process process;
        private final long outer;

        private Running(Process process) throws IOException {
            this.process = process;
            String line = process.inputReader().readLine();
            assumeTrue(line != null && line.startsWith("0x"), "the program does not run here: " + line);
            outer = Long.parseUnsignedLong(line.substring(2), 16);
        }

        public String pid() {
            return Long.toString(process.pid());
        }

        /** Returns the address of outer, as an argument. */
        public String outer() {
            return "0x" + Long.toHexString(outer);
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
