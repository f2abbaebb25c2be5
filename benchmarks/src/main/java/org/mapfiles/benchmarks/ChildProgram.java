package org.mapfiles.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A child process that replies to each line with a line. It exits at the end of its input. */
final class ChildProgram implements AutoCloseable {
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    ChildProgram(String... command) throws IOException {
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts a main class of this class path in a new JVM, which may load the native library. */
    static ChildProgram ofJava(List<String> options, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(TargetProcess.java(), "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ChildProgram(command.toArray(new String[0]));
    }

    long pid() {
        return process.pid();
    }

    String line() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException(process.info().command().orElse("the program") + " has exited");
        }
        return line;
    }

    /** Sends a request, and returns the number that the program replies with. */
    double query(String request) throws IOException {
        in.write(request + "\n");
        in.flush();
        return Double.parseDouble(line());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            in.close();
        } catch (IOException exited) {
            // the program has exited
        }
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
