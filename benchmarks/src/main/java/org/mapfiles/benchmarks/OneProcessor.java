package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Binds this thread and the programs that it starts to one processor until it is closed.
 *
 * <p>Otherwise the two sides of a ratio may run on two processors, and the processors of a virtual machine differ by
 * the load of their host. The threads of the JIT compiler are not bound.
 */
final class OneProcessor implements AutoCloseable {
    private final String thread;
    private final String before;

    OneProcessor() throws IOException, InterruptedException {
        thread = Files.readSymbolicLink(Path.of("/proc/thread-self"))
                .getFileName()
                .toString();
        String output = taskset("-pc", thread);
        before = output.substring(output.lastIndexOf(' ') + 1);
        taskset("-pc", before.replaceAll(".*[,-]", ""), thread);
    }

    private static String taskset(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "taskset";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        taskset("-pc", before, thread);
    }
}
