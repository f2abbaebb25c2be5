package org.mapfiles.jvm;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.TrustedOwner;

/**
 * An open perf map. All checks concern the open file, not its path: other users may replace a file in /tmp at any time.
 *
 * <p>Limits: the file has at most {@link #MAX_BYTES}. Lines of more than {@link #MAX_LINE} bytes are skipped.
 */
final class PerfMapFile implements AutoCloseable {
    static final int MAX_BYTES = 128 << 20;
    static final int MAX_LINE = 64 << 10;

    /** In nanoseconds: file systems have a coarse clock, and the start time of a process has steps of 10 ms. */
    private static final long TOLERANCE = TimeUnit.SECONDS.toNanos(1);

    // Indices of the attributes of JvmCalls.perfMapOpenOf().
    private static final int MODE = 0;
    private static final int OWNER = 1;
    private static final int SIZE = 2;
    private static final int CHANGED = 3;
    private static final int INNER_PID = 4;
    private static final int USER = 5;
    private static final int STARTED = 6;
    private static final int ATTRIBUTES = 7;

    // Types in st_mode: inode(7).
    private static final int TYPE = 0170000;
    private static final int SYMBOLIC_LINK = 0120000;

    private final String name;
    private final long[] attributes;
    private final int descriptor;

    private PerfMapFile(String name, long[] attributes, int descriptor) {
        this.name = name;
        this.attributes = attributes;
        this.descriptor = descriptor;
    }

    static PerfMapFile open(Path path) throws IOException {
        long[] attributes = new long[ATTRIBUTES];
        int rc = JvmCalls.perfMapOpen(bytes(path), attributes);
        if (rc < 0) {
            throw failure(rc, path.toString(), attributes);
        }
        return new PerfMapFile(path.toString(), attributes, rc);
    }

    static PerfMapFile openOf(long pid) throws IOException {
        long[] attributes = new long[ATTRIBUTES];
        int rc = pid == (int) pid ? JvmCalls.perfMapOpenOf((int) pid, attributes) : Errno.ESRCH;
        if (rc == Errno.ESRCH || rc == Errno.ECHILD || rc == Errno.ENXIO) {
            throw new NoSuchFileException(
                    "/proc/" + pid, null, rc == Errno.ENXIO ? "it is a kernel thread" : "there is no such process");
        }
        String root = "/proc/" + pid + "/root";
        // a directory of the path, not the file
        if (attributes[MODE] == 0 && (rc == Errno.EACCES || rc == Errno.EPERM)) {
            throw new AccessDeniedException(
                    root, null, "the files of this process may not be read: run as its user, or as root");
        }
        String name = root + "/tmp/perf-" + attributes[INNER_PID] + ".map";
        if (rc < 0) {
            throw failure(rc, name, attributes);
        }
        return new PerfMapFile(name, attributes, rc);
    }

    private static IOException failure(int rc, String name, long[] attributes) {
        switch (rc) {
            case Errno.ENOENT:
                return new NoSuchFileException(name, null, "there is no perf map");
            case Errno.EACCES:
                return new AccessDeniedException(name, null, "this user may not read it");
            case Errno.EINVAL:
                return new IOException(
                        (attributes[MODE] & TYPE) == SYMBOLIC_LINK
                                ? name + " is a symbolic link, which is not followed: pass the path that it leads to"
                                : name
                                        + " is not a regular file, so it is not opened: remove it and let the process write the map again");
            default:
                return new IOException(name + " cannot be opened: " + Errno.name(rc));
        }
    }

    /** Returns the bytes of a path, independent of the locale of this JVM, with a zero byte at the end. */
    private static byte[] bytes(Path path) throws IOException {
        URI uri = path.toUri();
        if (!"file".equals(uri.getScheme())) {
            throw new IOException(path + " is not in the default file system: copy it to a file first");
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

    /** Returns the user ID of the process that the file was opened for. */
    int user() {
        return (int) attributes[USER];
    }

    /** Throws unless the owner of the file is trusted for a process of a user. */
    void checkOwner(int user) throws IOException {
        int owner = (int) attributes[OWNER];
        if (!TrustedOwner.isTrusted(owner, user)) {
            throw new IOException(name + " belongs to user " + Integer.toUnsignedString(owner)
                    + ", not to the user of the process (" + Integer.toUnsignedString(user)
                    + "), so it is not trusted: remove it and let the process write the map again");
        }
    }

    /** Throws if the file was last changed before the start of the process that it was opened for. */
    void checkAge() throws IOException {
        if (attributes[CHANGED] + TOLERANCE < attributes[STARTED]) {
            throw new IOException(
                    name + " was last changed at " + at(attributes[CHANGED]) + ", and the process started at "
                            + at(attributes[STARTED])
                            + ": it belongs to an earlier process with the same PID: remove it and let the process write the map again");
        }
    }

    private static Instant at(long nanoseconds) {
        return Instant.ofEpochSecond(0, nanoseconds).truncatedTo(ChronoUnit.MILLIS);
    }

    /** Receives the lines. */
    interface Lines {
        /** Receives a line, without its line end. */
        void line(String text) throws IOException;

        /** Called in place of {@link #line} for a line that is longer than {@link #MAX_LINE}. */
        void tooLong();
    }

    /**
     * Reads all lines, up to the size that the file had when it was opened.
     *
     * @throws IOException if the file is larger than {@link #MAX_BYTES}, or cannot be read
     */
    void read(Lines lines) throws IOException {
        long size = attributes[SIZE];
        if (size > MAX_BYTES) {
            throw new IOException(name + " has " + size + " bytes, more than the maximum of " + MAX_BYTES
                    + ": let the process write the map again");
        }
        byte[] piece = new byte[8 << 10];
        byte[] line = new byte[MAX_LINE];
        int length = 0;
        for (long offset = 0; offset < size; ) {
            int got = JvmCalls.descriptorRead(descriptor, offset, piece);
            if (got < 0) {
                throw new IOException(name + " cannot be read: " + Errno.name(got));
            }
            if (got == 0) { // the file became shorter
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
                    length = MAX_LINE + 1; // until the line ends
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
