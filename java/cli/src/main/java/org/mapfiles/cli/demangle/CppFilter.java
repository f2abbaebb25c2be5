package org.mapfiles.cli.demangle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * C++ names, by an installed demangler that runs as a child process: it reads a name in each line of its input, and
 * writes a line for each.
 *
 * <p>Demanglers for C++ recurse as deep as a name wants. A hostile name that crashes the child, blocks it, or makes it
 * use all of its memory stays raw, and the next name gets a new child.
 *
 * <p>Thread-safe.
 */
final class CppFilter {
    private static final List<String> PROGRAMS = List.of("c++filt", "llvm-cxxfilt");

    /** Limits of the child: no core file, 512 MiB of address space, 60 seconds of CPU time. */
    private static final String LIMITED = "ulimit -c 0; ulimit -v 524288; ulimit -t 60; exec \"$0\"";

    /** After so many children that failed, all names stay raw. */
    private static final int MAX_FAILURES = 8;

    private static final int SECONDS = 2;

    /** A line that means that the child has ended. */
    private static final String END = "\n";

    private final String program;
    private Process child;
    private OutputStream names;
    private BlockingQueue<String> results = new LinkedBlockingQueue<>();
    private int failures;

    CppFilter() {
        this(find(System.getenv("PATH")));
    }

    /** @param program null: there is none */
    CppFilter(String program) {
        this.program = program;
    }

    /** Returns the first demangler of a search path; null if there is none. */
    static String find(String path) {
        for (String program : PROGRAMS) {
            for (String directory : path == null ? new String[0] : path.split(":")) {
                Path file = Path.of(directory.isEmpty() ? "." : directory, program);
                if (file.isAbsolute() && Files.isRegularFile(file) && Files.isExecutable(file)) {
                    return file.toString();
                }
            }
        }
        return null;
    }

    /** Returns the name in the source; the raw name itself if there is none. */
    synchronized String demangle(String name) {
        if (program == null || failures >= MAX_FAILURES || !isOneWord(name)) {
            return name;
        }
        try {
            String result = exchange(name);
            if (result != null && result.length() <= Demangler.MAX_RESULT) {
                return result;
            }
        } catch (IOException e) { // the child has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        failures++;
        stop();
        return name;
    }

    private static boolean isOneWord(String name) {
        return name.chars()
                .allMatch(c -> c == '_' || c == '.' || c == '$' || (c < 0x80 && Character.isLetterOrDigit(c)));
    }

    private String exchange(String name) throws IOException, InterruptedException {
        if (child == null) {
            start();
        }
        names.write((name + "\n").getBytes(StandardCharsets.US_ASCII));
        names.flush();
        String result = results.poll(SECONDS, TimeUnit.SECONDS);
        return END.equals(result) ? null : result;
    }

    private void start() throws IOException {
        Process started = new ProcessBuilder("/bin/sh", "-c", LIMITED, program)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> read(started, lines), "mapfiles-demangler");
        reader.setDaemon(true);
        reader.start();
        child = started;
        names = started.getOutputStream();
        results = lines;
    }

    /** Reads the lines of a child until it ends, or writes a line that is too long. */
    private static void read(Process child, BlockingQueue<String> lines) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            StringBuilder line = new StringBuilder();
            for (int c = reader.read(); c >= 0 && line.length() <= Demangler.MAX_RESULT; c = reader.read()) {
                if (c == '\n') {
                    lines.add(line.toString());
                    line.setLength(0);
                } else {
                    line.append((char) c);
                }
            }
        } catch (IOException e) { // it was stopped
        }
        lines.add(END);
    }

    private void stop() {
        if (child != null) {
            child.destroyForcibly();
            child = null;
        }
    }
}
