package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs tools of the system whose output symbols are compared with. */
final class Tool {
    private static final int MINUTES = 10;

    private Tool() {}

    /** Returns whether a tool is installed. */
    static boolean isInstalled(String name) throws IOException, InterruptedException {
        return new ProcessBuilder("sh", "-c", "command -v " + name)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    /** Runs a tool with text as its input. Returns the lines of its output. */
    static List<String> run(List<String> input, String... command) throws IOException, InterruptedException {
        Path in = Files.createTempFile("symbols", ".in");
        Path out = Files.createTempFile("symbols", ".out");
        try {
            Files.write(in, input);
            Process process = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(command[0] + " takes longer than " + MINUTES + " minutes");
            }
            return Files.readAllLines(out, StandardCharsets.ISO_8859_1);
        } finally {
            Files.delete(in);
            Files.delete(out);
        }
    }
}
