package org.mapfiles.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A program that answers each line with a line; it ends with its input. */
final class Harness implements AutoCloseable {
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    Harness(String... command) throws IOException {
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    long pid() {
        return process.pid();
    }

    String line() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException(process.info().command().orElse("the program") + " has ended");
        }
        return line;
    }

    /** The nanoseconds it answers a question with. */
    double ask(String question) throws IOException {
        in.write(question + "\n");
        in.flush();
        return Double.parseDouble(line());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            in.close();
        } catch (IOException gone) {
            // it has ended already
        }
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
