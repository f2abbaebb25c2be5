package org.mapfiles.jvm;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;
import org.mapfiles.MapsException;
import org.mapfiles.internal.Errno;
import org.mapfiles.jvm.AttachException.Reason;

/** A connection to the attach socket of a JVM, for one request and its response, with a deadline. Not thread-safe. */
final class AttachConnection implements AutoCloseable {
    private static final int WAIT_MILLIS = 20;
    /**
     * The kernel closes the socket of a process that ends before the process is gone, and HotSpot may have removed its
     * file.
     */
    private static final int MAX_TRIES_WHILE_IT_ENDS = 50;

    private static final int MAX_PRINTED = 300;

    private final AttachTarget target;
    private final Deadline deadline;
    private final int socket;

    private AttachConnection(AttachTarget target, Deadline deadline, int socket) {
        this.target = target;
        this.deadline = deadline;
        this.socket = socket;
    }

    /**
     * Connects to a JVM that has listened. Waits while its queue of connections is full, or up to a second while it
     * seems to end.
     */
    static AttachConnection open(AttachTarget target, Deadline deadline) throws MapsException {
        int socket = target.connect();
        for (int closed = 0; mayChange(socket) && !deadline.isOver(); socket = target.connect()) {
            closed += isClosed(socket) ? 1 : 0;
            if (closed > MAX_TRIES_WHILE_IT_ENDS || Thread.currentThread().isInterrupted()) {
                break;
            }
            deadline.sleep(WAIT_MILLIS);
        }
        if (socket < 0) {
            throw failure(target, socket, deadline);
        }
        return new AttachConnection(target, deadline, socket);
    }

    private static boolean mayChange(int socket) {
        return socket == Errno.EAGAIN || socket == Errno.EINTR || isClosed(socket);
    }

    private static boolean isClosed(int socket) {
        return socket == Errno.ENOENT || socket == Errno.ECONNREFUSED;
    }

    /** Returns the exception for a negative errno of {@link AttachTarget}. */
    static MapsException failure(AttachTarget target, int errno, Deadline deadline) {
        String jvm = "the JVM of process " + target.pid();
        String path = "/tmp/.java_pid" + target.innerPid();
        switch (errno) {
            case Errno.ESRCH:
            case Errno.ECHILD:
                return target.failure(errno);
            case Errno.EPERM:
                return new AttachException(
                        Reason.OTHER_USER,
                        jvm + " accepts only root and its own user and group (" + target.user()
                                + "): run this as that user, or as root with CAP_SETUID and CAP_SETGID");
            case Errno.ENOTSOCK:
                return new AttachException(
                        Reason.NOT_TRUSTED,
                        path + " of process " + target.pid()
                                + " is not a socket of its user, so no command is sent: an earlier process with this"
                                + " PID or another user may have left it; remove it if no process uses it");
            case Errno.EXDEV:
                return new AttachException(
                        Reason.NOT_TRUSTED,
                        "a process other than " + target.pid() + " listens at " + path
                                + ": another JVM may share this /tmp and have the same PID in its container");
            case Errno.ENOENT:
            case Errno.ECONNREFUSED:
                return new AttachException(
                        Reason.NOT_TRUSTED,
                        "no process listens at " + path + " of process " + target.pid() + " any more: try again");
            case Errno.EAGAIN:
            case Errno.EINTR:
            case Errno.ETIMEDOUT:
                return new AttachException(
                        Reason.TIMEOUT, jvm + " did not respond " + deadline + ": it may hang or be busy");
            case Errno.EPIPE:
            case Errno.ECONNRESET:
                return new AttachException(
                        Reason.INVALID_RESPONSE,
                        jvm + " closed the connection: it accepts only root and its own user and group ("
                                + target.user() + ")");
            default:
                return new AttachException(
                        Reason.SYSTEM_CALL,
                        "the /tmp of process " + target.pid()
                                + (errno == Errno.EACCES
                                        ? " denies access to its own user"
                                        : " cannot be used: " + Errno.name(errno)));
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /** Returns the beginning of a response for a message: in one line, without characters that control a terminal. */
    static String printable(byte[] response, int from) {
        StringBuilder printable = new StringBuilder("\"");
        String text = text(response, from, Math.min(response.length, from + MAX_PRINTED))
                .strip();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            printable.append(
                    c >= 0x20 && c < 0x7f ? String.valueOf(c) : c == '\n' ? " " : String.format("\\u%04x", (int) c));
        }
        return printable
                .append(response.length - from > MAX_PRINTED ? "...\"" : "\"")
                .toString();
    }

    /** Sends strings, each followed by a NUL. */
    void send(String... parts) throws MapsException {
        byte[] request = bytes(String.join("\0", parts) + '\0');
        int done = 0;
        while (done < request.length) {
            int from = done;
            done += repeat(() -> JvmCalls.attachSend(
                    socket, request, from, request.length - from, deadline.millis(Integer.MAX_VALUE)));
        }
    }

    /** Receives until the JVM closes the connection. */
    byte[] receive(int maxBytes) throws MapsException {
        ByteArrayOutputStream response = new ByteArrayOutputStream();
        byte[] part = new byte[8192];
        int got = 1;
        while (got != 0) {
            got = repeat(() -> JvmCalls.attachReceive(socket, part, deadline.millis(Integer.MAX_VALUE)));
            response.write(part, 0, got);
            if (response.size() > maxBytes) {
                throw new AttachException(
                        Reason.INVALID_RESPONSE,
                        "the JVM of process " + target.pid() + " sent more than " + maxBytes + " bytes");
            }
            if (got != 0 && deadline.isOver()) { // the target may send single bytes without end
                throw failure(target, Errno.ETIMEDOUT, deadline);
            }
        }
        return response.toByteArray();
    }

    /** Repeats a transfer that a signal interrupts, such as that of a profiler, or that would block. */
    private int repeat(IntSupplier transfer) throws MapsException {
        int bytes = transfer.getAsInt();
        while ((bytes == Errno.EINTR || bytes == Errno.EAGAIN) && !deadline.isOver()) {
            bytes = transfer.getAsInt();
        }
        if (bytes < 0) {
            throw failure(target, bytes, deadline);
        }
        return bytes;
    }

    @Override
    public void close() {
        JvmCalls.descriptorClose(socket);
    }
}
