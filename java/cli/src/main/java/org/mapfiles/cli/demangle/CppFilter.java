package org.mapfiles.cli.demangle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.mapfiles.cli.programs.InstalledProgram;

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
    static final List<String> PROGRAMS = List.of("c++filt", "llvm-cxxfilt");

    /** Limits of the child: no core file, 512 MiB of address space, 60 seconds of CPU time. */
    private static final String LIMITED = "ulimit -c 0; ulimit -v 524288; ulimit -t 60; exec \"$0\"";

    /** Maximum of children that fail. After that all names stay raw. */
    private static final int MAX_FAILURES = 8;

    /** System property: limit of the time for the names that are sent together, in milliseconds. */
    private static final String MILLISECONDS_PROPERTY = "mapfiles.demangler-milliseconds";

    private static final int DEFAULT_MILLISECONDS = 2_000;

    /**
     * Maximum of bytes that are sent before the first result is read, if they are more than one name. A pipe holds a
     * page or more (pipe(7)).
     */
    private static final int MAX_PART = 4096;

    /** Stops children that take too long. Its thread starts with the first child. */
    private static final class Limits {
        static final Timer TIMER = new Timer("mapfiles-demangler", true);
    }

    private final String program;
    private final int milliseconds;
    private volatile Process child;
    private OutputStream input;
    private InputStream output;
    /** Output that was read. */
    private final byte[] buffer = new byte[8192];

    private int next;
    private int limit;
    private int failures;
    private boolean isEndedAtExit;
    /** Whether the JVM exits: no child is started any more. */
    private volatile boolean isExiting;

    CppFilter() {
        this(find(System.getenv("PATH")));
    }

    /** @param program null: there is none */
    CppFilter(String program) {
        this(program, Integer.getInteger(MILLISECONDS_PROPERTY, DEFAULT_MILLISECONDS));
    }

    /** @param milliseconds limit of the time for the names that are sent together */
    CppFilter(String program, int milliseconds) {
        this.program = program;
        this.milliseconds = milliseconds;
    }

    /** Returns the first demangler in absolute directories of a search path; null if there is none. */
    static String find(String path) {
        for (String program : PROGRAMS) {
            Optional<Path> found = InstalledProgram.find(program, path);
            if (found.isPresent()) {
                return found.get().toString();
            }
        }
        return null;
    }

    /** Returns whether a name can be sent: it is one word of a line. */
    static boolean isOneWord(String name) {
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) { // a short run interprets this loop
            boolean isPart = b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z';
            if (!isPart && b != '_' && b != '.' && b != '$') {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the names in the source in the same order; the raw name itself if there is none.
     *
     * @param names each is one word
     */
    synchronized List<String> demangle(List<String> names) {
        List<String> found = new ArrayList<>(names.size());
        while (found.size() < names.size()) {
            int first = found.size();
            if (program == null || failures >= MAX_FAILURES) {
                found.addAll(names.subList(first, names.size()));
                break;
            }
            List<String> part = names.subList(first, endOfPart(names, first));
            exchange(part, found);
            while (found.size() < first + part.size() && isExiting) {
                LockSupport.park(); // until the end: names of an interrupted run are not printed as raw ones
            }
            if (found.size() < first + part.size()) { // the next name has no result: it stays raw
                found.add(names.get(found.size()));
                failures++;
                stop();
            }
        }
        return found;
    }

    /** Returns the end of the names that are sent before the first result is read: they fit into the pipe. */
    private static int endOfPart(List<String> names, int first) {
        int end = first + 1;
        int length = names.get(first).length();
        while (end < names.size() && length + names.get(end).length() + end - first < MAX_PART) {
            length += names.get(end).length();
            end++;
        }
        return end;
    }

    /** Sends names, and adds the results until one is missing. */
    private void exchange(List<String> part, List<String> found) {
        TimerTask timer = null;
        try {
            if (child == null) {
                start();
            }
            timer = stop(child);
            Limits.TIMER.schedule(timer, milliseconds);
            input.write((String.join("\n", part) + "\n").getBytes(StandardCharsets.US_ASCII));
            input.flush();
            for (int i = 0; i < part.size(); i++) {
                String result = readLine();
                if (result == null) {
                    return;
                }
                found.add(result);
            }
        } catch (IOException e) {
            return; // the child has ended, or cannot be started: the results are incomplete
        } finally {
            if (timer != null) {
                timer.cancel();
            }
        }
    }

    private static TimerTask stop(Process child) {
        return new TimerTask() {
            @Override
            public void run() {
                child.destroyForcibly();
            }
        };
    }

    /** Reads a line; null: the child has ended, or writes a line that is too long. */
    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (line.size() <= Demangler.MAX_RESULT) {
            int end = next;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            line.write(buffer, next, end - next);
            if (end < limit) {
                next = end + 1;
                return line.toString(StandardCharsets.UTF_8);
            }
            next = 0;
            limit = Math.max(0, output.read(buffer));
            if (limit == 0) {
                return null;
            }
        }
        return null;
    }

    private void start() throws IOException {
        if (!isEndedAtExit) {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(this::endBeforeExit));
                isEndedAtExit = true;
            } catch (IllegalStateException e) { // the exit has begun
                isExiting = true;
            }
        }
        if (isExiting) {
            throw new IOException("this JVM exits");
        }
        child = new ProcessBuilder("/bin/sh", "-c", LIMITED, program)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        input = child.getOutputStream();
        output = child.getInputStream();
        next = 0;
        limit = 0;
    }

    /**
     * Ends the child before this JVM exits. Otherwise the exit takes 300 ms longer: it waits as long for a thread in
     * native code, such as the one that waits for the child (HotSpot,
     * {@code VM_Exit::wait_for_threads_in_native_to_block}). It takes no lock: another thread may wait for the child.
     */
    private void endBeforeExit() {
        isExiting = true;
        Process last = child;
        if (last != null) {
            try {
                last.destroyForcibly().waitFor(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) { // the exit takes longer
                Thread.currentThread().interrupt();
            }
        }
    }

    private void stop() {
        if (child != null) {
            child.destroyForcibly();
            child = null;
        }
    }
}
