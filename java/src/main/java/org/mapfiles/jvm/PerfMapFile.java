package org.mapfiles.jvm;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * An open perf map. All checks are of the open file, not of its path: in /tmp other users may replace a file at any time.
 *
 * <p>Bounds: the file has at most {@link #MAX_BYTES}; a line has at most {@link #MAX_LINE}, and what is longer is skipped.
 */
final class PerfMapFile implements AutoCloseable {
    static final int MAX_BYTES = 128 << 20;
    static final int MAX_LINE = 64 << 10;

    /** Nanoseconds: file systems have a coarser clock, and the start of a process is known in steps of 10 ms. */
    private static final long TOLERANCE = TimeUnit.SECONDS.toNanos(1);

    // Places in the facts of JvmCalls.perfMapOpenOf().
    private static final int MODE = 0;
    private static final int OWNER = 1;
    private static final int SIZE = 2;
    private static final int CHANGED = 3;
    private static final int NUMBER = 4;
    private static final int USER = 5;
    private static final int STARTED = 6;
    private static final int FACTS = 7;

    // Types in st_mode: inode(7).
    private static final int TYPE = 0170000;
    private static final int SYMBOLIC_LINK = 0120000;

    private final String name;
    private final long[] facts;
    private final int descriptor;

    private PerfMapFile(String name, long[] facts, int descriptor) {
        this.name = name;
        this.facts = facts;
        this.descriptor = descriptor;
    }

    static PerfMapFile open(Path path) throws IOException {
        long[] facts = new long[FACTS];
        int rc = JvmCalls.perfMapOpen(bytes(path), facts);
        if (rc < 0) {
            throw failure(rc, path.toString(), facts);
        }
        return new PerfMapFile(path.toString(), facts, rc);
    }

    static PerfMapFile openOf(long pid) throws IOException {
        long[] facts = new long[FACTS];
        int rc = pid == (int) pid ? JvmCalls.perfMapOpenOf((int) pid, facts) : JvmCalls.ESRCH;
        if (rc == JvmCalls.ESRCH || rc == JvmCalls.ECHILD || rc == JvmCalls.ENXIO) {
            throw new NoSuchFileException("/proc/" + pid, null, rc == JvmCalls.ENXIO ? "it is a kernel thread" : "there is no such process");
        }
        String root = "/proc/" + pid + "/root";
        if (facts[MODE] == 0 && (rc == JvmCalls.EACCES || rc == JvmCalls.EPERM)) { // of the way to the file
            throw new AccessDeniedException(root, null, "the files of this process may not be read: run as its user, or as root");
        }
        String name = root + "/tmp/perf-" + facts[NUMBER] + ".map";
        if (rc < 0) {
            throw failure(rc, name, facts);
        }
        return new PerfMapFile(name, facts, rc);
    }

    private static IOException failure(int rc, String name, long[] facts) {
        switch (rc) {
            case JvmCalls.ENOENT:
                return new NoSuchFileException(name, null, "there is no perf map");
            case JvmCalls.EACCES:
                return new AccessDeniedException(name, null, "this user may not read it");
            case JvmCalls.EINVAL:
                return new IOException((facts[MODE] & TYPE) == SYMBOLIC_LINK
                        ? name + " is a symbolic link, which is not followed: if it is meant, read the file that it leads to"
                        : name + " is no regular file, so it is not opened: remove it, and have the map written anew");
            default:
                return new IOException(name + " cannot be opened: errno " + -rc);
        }
    }

    /** The bytes of a path, whatever this JVM's locale is, with a zero byte behind. */
    private static byte[] bytes(Path path) throws IOException {
        URI uri = path.toUri();
        if (!"file".equals(uri.getScheme())) {
            throw new IOException(path + " is of another file system of Java's: copy it to a file first");
        }
        String encoded = uri.getRawPath();
        byte[] bytes = new byte[encoded.length() + 1];
        int length = 0;
        for (int i = 0; i < encoded.length(); i++) {
            boolean isEscape = encoded.charAt(i) == '%';
            bytes[length++] = (byte) (isEscape ? Integer.parseInt(encoded, i + 1, i + 3, 16) : encoded.charAt(i));
            i += isEscape ? 2 : 0;
        }
        return Arrays.copyOf(bytes, length + 1);
    }

    /** The number of the user of the process that the file was opened for. */
    int user() {
        return (int) facts[USER];
    }

    /** Throws if the file belongs neither to a user, nor to root, nor to the user of this JVM. */
    void checkOwner(int user) throws IOException {
        int owner = (int) facts[OWNER];
        if (owner != user && owner != 0 && owner != (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) {
            throw new IOException(name + " belongs to the user of number " + Integer.toUnsignedString(owner) + ", not to that of the process ("
                    + Integer.toUnsignedString(user) + "): what it says is not believed; remove it, and have the map written anew");
        }
    }

    /** Throws if the file was last changed before the process started that it was opened for. */
    void checkAge() throws IOException {
        if (facts[CHANGED] + TOLERANCE < facts[STARTED]) {
            throw new IOException(name + " was last changed at " + at(facts[CHANGED]) + ", and the process started at " + at(facts[STARTED])
                    + ": it is of an earlier process of that number; remove it, and have the map written anew");
        }
    }

    private static Instant at(long nanoseconds) {
        return Instant.ofEpochSecond(0, nanoseconds).truncatedTo(ChronoUnit.MILLIS);
    }

    /** What is given each line. */
    interface Lines {
        /** A line without its end. */
        void line(String text) throws IOException;

        /** A line that is longer than {@link #MAX_LINE}. */
        void tooLong();
    }

    /**
     * Reads all lines, of a file that grows meanwhile no more than there were when it was opened.
     *
     * @throws IOException if the file is larger than {@link #MAX_BYTES}, or cannot be read
     */
    void read(Lines lines) throws IOException {
        long size = facts[SIZE];
        if (size > MAX_BYTES) {
            throw new IOException(name + " has " + size + " bytes, and at most " + MAX_BYTES + " are read: have the map written anew");
        }
        byte[] piece = new byte[8 << 10];
        byte[] line = new byte[MAX_LINE];
        int length = 0;
        for (long offset = 0; offset < size; ) {
            int got = JvmCalls.descriptorRead(descriptor, offset, piece);
            if (got < 0) {
                throw new IOException(name + " cannot be read: errno " + -got);
            }
            if (got == 0) { // it became shorter
                break;
            }
            got = (int) Math.min(got, size - offset);
            offset += got;
            for (int i = 0; i < got; i++) {
                if (piece[i] == '\n') {
                    take(lines, line, length);
                    length = 0;
                } else if (length < MAX_LINE) {
                    line[length++] = piece[i];
                } else {
                    length = MAX_LINE + 1; // it stays there until the line ends
                }
            }
        }
        if (length > 0) {
            take(lines, line, length);
        }
    }

    private static void take(Lines lines, byte[] line, int length) throws IOException {
        if (length > MAX_LINE) {
            lines.tooLong();
        } else {
            lines.line(new String(line, 0, length, StandardCharsets.UTF_8));
        }
    }

    @Override
    public void close() {
        JvmCalls.descriptorClose(descriptor);
    }
}
