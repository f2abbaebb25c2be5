package org.mapfiles.cli.demangle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** A pipe holds a page or more: pipe(7). A write of so many bytes does not wait for a child that is blocked. */
    private static final int MAX_PART = 4096;

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
    String demangle(String name) {
        return demangle(List.of(name)).get(0);
    }

    /** Returns the name in the source for each name; the raw name itself if there is none. */
    synchronized List<String> demangle(List<String> all) {
        List<String> demangled = new ArrayList<>(all.size());
        while (demangled.size() < all.size()) {
            List<String> part = part(all.subList(demangled.size(), all.size()));
            if (program == null || failures >= MAX_FAILURES || !isOneWord(part.get(0))) {
                demangled.add(part.get(0));
            } else {
                exchange(part, demangled);
            }
        }
        return demangled;
    }

    /** Returns the first name, and the names after it that the pipe to the child holds too. */
    private static List<String> part(List<String> all) {
        int length = all.get(0).length();
        int count = 1;
        while (count < all.size() && length + 1 + all.get(count).length() < MAX_PART && isOneWord(all.get(count))) {
            length += 1 + all.get(count++).length();
        }
        return all.subList(0, count);
    }

    private static boolean isOneWord(String name) {
        return name.chars()
                .allMatch(c -> c == '_' || c == '.' || c == '$' || (c < 0x80 && Character.isLetterOrDigit(c)));
    }

    /**
     * Adds the results of names. If the child fails, the name at which it failed stays raw, and those after it have no
     * result.
     */
    private void exchange(List<String> part, List<String> demangled) {
        int before = demangled.size();
        try {
            if (child == null) {
                start();
            }
            names.write((String.join("\n", part) + "\n").getBytes(StandardCharsets.US_ASCII));
            names.flush();
            while (demangled.size() - before < part.size()) {
                String result = results.poll(SECONDS, TimeUnit.SECONDS);
                if (result == null || result.equals(END) || result.length() > Demangler.MAX_RESULT) {
                    break;
                }
                demangled.add(result);
            }
        } catch (IOException e) { // the child has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (demangled.size() - before < part.size()) {
            failures++;
            stop();
            demangled.add(part.get(demangled.size() - before));
        }
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
