package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Until closed, this thread and the programs it starts are on one processor: the two sides of a ratio would else be on two,
 * and those of a virtual machine differ by whatever else their host does. The compiler's threads stay where they like.
 */
final class OneProcessor implements AutoCloseable {
    private final String thread;
    private final String before;

    OneProcessor() throws IOException, InterruptedException {
        thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
        String told = taskset("-pc", thread);
        before = told.substring(told.lastIndexOf(' ') + 1);
        taskset("-pc", before.replaceAll(".*[,-]", ""), thread);
    }

    private static String taskset(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "taskset";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + told);
        }
        return told;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        taskset("-pc", before, thread);
    }
}
