package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Printable;

/**
 * The target process: a PID; {@code self}, the JVM that runs the command; the main class or the jar of a JVM; or the
 * directory of a process in a proc file system, such as {@code /host/proc/123}.
 */
public final class Target {
    /** Maximum number of processes in a message. */
    private static final int MAX_LISTED = 10;

    private final long pid;
    /** Null: the process is given by its PID. */
    private final Path directory;

    private Target(long pid, Path directory) {
        this.pid = pid;
        this.directory = directory;
    }

    /** Returns the process with a PID of /proc. */
    public static Target of(int pid) {
        return new Target(pid, null);
    }

    /**
     * Returns the PID in /proc.
     *
     * @throws IllegalArgumentException if the process is one of another proc file system
     */
    public long pid() {
        int number = directory == null ? 0 : numberBelowProc(directory);
        if (number > 0) {
            return number;
        }
        if (directory != null) {
            throw new IllegalArgumentException(
                    this + " is in another proc file system: give the PID of a process of /proc");
        }
        return pid == 0 ? ProcessHandle.current().pid() : pid;
    }

    /** Returns whether the process is one of /proc, and not of another proc file system. */
    boolean isInProc() {
        return directory == null || numberBelowProc(directory) > 0;
    }

    /** Returns the PID if a path is /proc/PID; 0: it is another path. */
    private static int numberBelowProc(Path directory) {
        Path path = directory.normalize();
        return Path.of("/proc").equals(path.getParent())
                ? Math.max(0, PositiveNumber.parse(path.getFileName().toString()))
                : 0;
    }

    /** Opens the process. */
    public ProcessMaps open() throws MapsException {
        if (directory != null) {
            return ProcessMaps.of(directory);
        }
        return pid == 0 ? ProcessMaps.self() : ProcessMaps.of(pid);
    }

    /** Returns how the process is named in messages. */
    @Override
    public String toString() {
        return directory != null ? Arguments.display(directory.toString()) : pid == 0 ? "self" : Long.toString(pid);
    }

    /**
     * Parses an argument.
     *
     * @throws UsageException if it is none, or the name of several JVMs
     */
    public static Target parse(String text) {
        if (text.equals("self")) {
            return new Target(0, null);
        }
        int pid = PositiveNumber.parse(text);
        if (pid > 0) {
            return of(pid);
        }
        if (text.startsWith("/") && (isDirectory(text) || isBelowProc(text))) {
            return new Target(-1, Path.of(text));
        }
        List<RunningJvms.Jvm> found = RunningJvms.named(text);
        if (found.size() == 1) {
            return of(found.get(0).pid());
        }
        String quoted = "'" + Arguments.display(text) + "'";
        if (found.isEmpty()) {
            throw new UsageException(quoted + " is neither a PID nor self, nor the main class or the jar of a JVM");
        }
        throw new UsageException(quoted + " is the name of " + found.size()
                + " JVMs, give the PID of one: "
                + found.stream()
                        .limit(MAX_LISTED)
                        .map(jvm -> jvm.pid() + " " + Printable.text(Arguments.bytes(jvm.name())))
                        .collect(Collectors.joining(", "))
                + (found.size() > MAX_LISTED ? " and " + (found.size() - MAX_LISTED) + " more" : ""));
    }

    /** The path of a jar begins with a slash too. */
    private static boolean isDirectory(String text) {
        try {
            return Files.isDirectory(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Returns whether a path is that of a PID in a proc file system. There may be no such process any more. */
    private static boolean isBelowProc(String text) {
        try {
            Path path = Path.of(text).normalize();
            return path.getNameCount() > 1
                    && PositiveNumber.parse(path.getFileName().toString()) > 0
                    && Files.isSymbolicLink(path.resolveSibling("self")) // not a thread or a descriptor
                    && Files.getFileStore(path.getParent()).type().equals("proc");
        } catch (InvalidPathException | IOException e) {
            return false;
        }
    }
}
