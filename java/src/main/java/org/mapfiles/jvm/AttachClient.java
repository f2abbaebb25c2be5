package org.mapfiles.jvm;

import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Objects;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.AttachException.Reason;

/**
 * Sends diagnostic commands to another JVM through HotSpot's attach socket, as jcmd(1) does. Nothing is loaded into the target. This JVM
 * needs no module but {@code java.base}.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); AttachClient client = AttachClient.open(maps)) {
 *     System.out.println(client.run("VM.info"));
 * }
 * }</pre>
 *
 * <p><b>Side effects in the target.</b> If the JVM has no listener, this class makes it start one: it creates a file in the {@code /tmp} of
 * the target, sends SIGQUIT and removes the file. Then the target has one more thread and the socket {@code /tmp/.java_pid<pid>} until it
 * exits. If the listener runs already, no file is created and no signal is sent. A JVM that hangs, and so does not respond within the
 * time limit, may print a thread dump when it continues.
 *
 * <p><b>Checks before the signal.</b> The signal is sent only if the process has been verified to be an initialized JVM that accepts
 * commands, catches SIGQUIT, and is neither stopped nor frozen. It is sent through a pidfd, never to a later process with the same PID.
 *
 * <p><b>Processes of other users.</b> The target controls the names in its {@code /tmp}. All work there has the permissions of the effective
 * user of the target, which needs CAP_SETUID and CAP_SETGID if that is another user. Symbolic links at these names are not followed, and
 * only the file that was created is removed. The listener must be the target process itself.
 *
 * <p><b>Limits.</b> Starting the listener and each command end within the time limit. A response has at most {@value #MAX_ANSWER} bytes. The
 * user of the target controls its text.
 *
 * <p>Not thread-safe: a client belongs to one thread at a time.
 */
public final class AttachClient implements AutoCloseable {
    /** The default time limit: 10 seconds. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
    /** Maximum size of a response, in bytes. */
    public static final int MAX_ANSWER = 1 << 24;

    private static final int MAX_ARGUMENT = 1024; // AttachOperation::arg_length_max, services/attachListener.hpp

    private final JvmProcess jvm;
    private final AttachTarget target;
    private final Duration timeout;

    private AttachClient(JvmProcess jvm, Duration timeout) throws MapsException {
        this.jvm = jvm;
        target = new AttachTarget(jvm.memory());
        this.timeout = timeout;
    }

    /**
     * Opens a client with the {@link #DEFAULT_TIMEOUT}. Everything else is as for {@link #open(ProcessMaps, Duration)}.
     *
     * @param maps the process. The caller still owns and closes it
     * @throws AttachException if the JVM does not accept commands; {@link AttachException#reason()} is the cause
     * @throws org.mapfiles.NotSupportedException if the process has no JVM ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process (ptrace(2))
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     */
    public static AttachClient open(ProcessMaps maps) throws MapsException {
        return open(Objects.requireNonNull(maps, "maps"), DEFAULT_TIMEOUT);
    }

    /**
     * Verifies that a process is a JVM that accepts commands, and starts its listener unless it runs. Blocks for at most the time limit.
     *
     * @param maps the process. The caller still owns and closes it
     * @param timeout time limit of this call, and later of each command; above 0, and more than one day counts as one day
     * @throws AttachException if the JVM does not accept commands; {@link AttachException#reason()} is the cause
     * @throws org.mapfiles.NotSupportedException if the process has no JVM ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process (ptrace(2))
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws IllegalArgumentException if the time limit is not positive
     */
    public static AttachClient open(ProcessMaps maps, Duration timeout) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(timeout, "timeout");
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("the time limit must be above 0: " + timeout);
        }
        JvmProcess jvm = JvmProcess.of(maps);
        try {
            AttachClient client = new AttachClient(jvm, timeout);
            try {
                new AttachListener(client.target, jvm, Deadline.in(timeout)).start();
            } catch (AttachException e) {
                throw client.causeOf(e);
            }
            return client;
        } catch (MapsException | RuntimeException | Error e) {
            jvm.close();
            throw e;
        }
    }

    /**
     * Executes a diagnostic command in the target and returns its output. Blocks for at most the time limit.
     *
     * @param command such as {@code VM.native_memory detail}, at most 1,024 bytes of UTF-8 (AttachOperation::arg_length_max)
     * @return the output, decoded as UTF-8; invalid bytes become U+FFFD
     * @throws AttachException if the JVM does not respond in time, sends more than {@value #MAX_ANSWER} bytes or an invalid response, or
     *     reports that the command failed
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws IllegalArgumentException if the command is blank, too long, or contains a NUL
     * @throws IllegalStateException if this client is closed
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory for the response
     */
    public String run(String command) throws MapsException {
        Objects.requireNonNull(command, "command");
        if (command.isBlank() || command.indexOf(0) >= 0 || AttachConnection.bytes(command).length > MAX_ARGUMENT) {
            throw new IllegalArgumentException("a diagnostic command must have 1 to " + MAX_ARGUMENT + " bytes and no NUL: " + command);
        }
        Deadline deadline = Deadline.in(timeout);
        try (AttachConnection connection = AttachConnection.open(target, deadline)) {
            connection.send("1", "jcmd", command, "", ""); // protocol version 1: a name and three arguments
            return output(command, connection.receive(MAX_ANSWER));
        } catch (AttachException e) {
            throw causeOf(e);
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the response", e);
        } finally {
            Reference.reachabilityFence(this); // otherwise the cleaner may close the descriptor during the call
        }
    }

    /** Returns the failure. Throws ProcessExitedException instead if the process has exited, which closes its connections. */
    private AttachException causeOf(AttachException failure) throws MapsException {
        jvm.flags();
        return failure;
    }

    /** Returns the JVM, open until this is closed. */
    JvmProcess jvm() {
        return jvm;
    }

    /** Returns the output of a response. Its first line is a number: 0 if the command was executed. */
    private String output(String command, byte[] response) throws AttachException {
        int end = 0;
        while (end < response.length && response[end] != '\n') {
            end++;
        }
        String result = AttachConnection.text(response, 0, end);
        if (end == response.length || !result.matches("-?[0-9]{1,10}")) {
            throw new AttachException(Reason.BAD_ANSWER, "the JVM of process " + target.pid() + (response.length == 0
                    ? " closed the connection without a response: it accepts only root and its own user and group (" + target.user() + ")"
                    : " sent a response that does not follow the attach protocol: " + AttachConnection.printable(response, 0)));
        }
        if (!result.equals("0")) {
            throw new AttachException(Reason.COMMAND_FAILED, "the JVM of process " + target.pid() + " did not execute " + command
                    + "; it reports: " + AttachConnection.printable(response, end + 1));
        }
        return AttachConnection.text(response, end + 1, response.length);
    }

    /** Closes the descriptors. The target keeps its listener. Has no effect if they are closed. */
    @Override
    public void close() {
        jvm.close();
    }

    @Override
    public String toString() {
        return "AttachClient[" + target.pid() + "]";
    }
}
