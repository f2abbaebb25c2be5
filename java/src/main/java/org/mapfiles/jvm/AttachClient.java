package org.mapfiles.jvm;

import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Objects;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.AttachException.Reason;

/**
 * Sends diagnostic commands to another JVM, as jcmd(1) does, through HotSpot's attach socket. Nothing is loaded into the other JVM, and
 * this Java needs no module but {@code java.base}.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); AttachClient client = AttachClient.open(maps)) {
 *     System.out.println(client.run("VM.info"));
 * }
 * }</pre>
 *
 * <p><b>Side effects in the other process.</b> A JVM without a listener is asked to start one, by a file in its {@code /tmp} that is
 * removed again and by SIGQUIT. It then has one thread more and the socket {@code /tmp/.java_pid<pid>} until it exits. A listener that
 * runs already is used without a file and a signal. A JVM that hangs, and so does not react within the time limit, may print a
 * thread dump when it continues.
 *
 * <p><b>No signal is sent</b> unless the process has been verified to be an initialized JVM that accepts commands, catches SIGQUIT, and is
 * neither stopped nor frozen. The signal goes to that very process, never to a later one with its PID.
 *
 * <p><b>Other users' processes.</b> The names in the other process' {@code /tmp} are of its choice. Everything there is done with the rights
 * of that process' effective user, which takes CAP_SETUID and CAP_SETGID if this is another one; symbolic links at these names are not
 * followed, and only the file that was created is removed. The listener must be that process itself.
 *
 * <p><b>Limits.</b> Starting the listener and each command end within the time limit. An answer may have {@value #MAX_ANSWER} bytes.
 * What a JVM answers is text of that process' user, who may send anything.
 *
 * <p>Of one thread.
 */
public final class AttachClient implements AutoCloseable {
    /** The time limit where the caller sets none: 10 seconds. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
    /** Bytes of an answer at most. */
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

    /** As {@link #open(ProcessMaps, Duration)} with the {@link #DEFAULT_TIMEOUT}. */
    public static AttachClient open(ProcessMaps maps) throws MapsException {
        return open(Objects.requireNonNull(maps, "maps"), DEFAULT_TIMEOUT);
    }

    /**
     * Verifies that a process is a JVM that accepts commands, and starts its listener unless it runs.
     *
     * @param maps the process, which stays the caller's to close
     * @param timeout of this call, and later of each command
     * @throws AttachException if the JVM does not accept commands
     * @throws org.mapfiles.NotSupportedException if there is no JVM in the process ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if this process may not attach to the other one (ptrace(2))
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws IllegalArgumentException if the time limit is not positive
     */
    public static AttachClient open(ProcessMaps maps, Duration timeout) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(timeout, "timeout");
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("not a time limit: " + timeout);
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
     * Executes a diagnostic command in the other JVM.
     *
     * @param command such as {@code VM.native_memory detail}, of at most 1,024 bytes
     * @return what the command prints, as UTF-8 with replacement characters for other bytes
     * @throws AttachException if the JVM does not answer in time, answers too much, or reports that the command failed
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws IllegalArgumentException if the command is empty, too long, or contains a NUL
     * @throws IllegalStateException if this is closed
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory for the answer
     */
    public String run(String command) throws MapsException {
        Objects.requireNonNull(command, "command");
        if (command.isBlank() || command.indexOf(0) >= 0 || AttachConnection.bytes(command).length > MAX_ARGUMENT) {
            throw new IllegalArgumentException("not a diagnostic command: " + command);
        }
        Deadline deadline = Deadline.in(timeout);
        try (AttachConnection connection = AttachConnection.open(target, deadline)) {
            connection.send("1", "jcmd", command, "", ""); // protocol version 1: a name and three arguments
            return answer(command, connection.receive(MAX_ANSWER));
        } catch (AttachException e) {
            throw causeOf(e);
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the answer", e);
        } finally {
            Reference.reachabilityFence(this); // else the cleaner may close the descriptor that is used
        }
    }

    /** A process that exits closes its connections: then that is the cause, and thrown. */
    private AttachException causeOf(AttachException failure) throws MapsException {
        jvm.flags();
        return failure;
    }

    /** The JVM, open until this is closed. */
    JvmProcess jvm() {
        return jvm;
    }

    /** The first line is a number: 0 if the command was executed. */
    private String answer(String command, byte[] answer) throws AttachException {
        int end = 0;
        while (end < answer.length && answer[end] != '\n') {
            end++;
        }
        String result = AttachConnection.text(answer, 0, end);
        if (end == answer.length || !result.matches("-?[0-9]{1,10}")) {
            throw new AttachException(Reason.BAD_ANSWER, "the JVM of process " + target.pid() + (answer.length == 0
                    ? " closed the connection without an answer: it accepts root and its own user and group alone (" + target.user() + ")"
                    : " sent an answer that is not of the attach protocol: " + AttachConnection.shown(answer, 0)));
        }
        if (!result.equals("0")) {
            throw new AttachException(Reason.COMMAND_FAILED, "the JVM of process " + target.pid() + " did not execute " + command
                    + "; it reports: " + AttachConnection.shown(answer, end + 1));
        }
        return AttachConnection.text(answer, end + 1, answer.length);
    }

    /** Closes the descriptors. The other JVM keeps its listener. Again: nothing. */
    @Override
    public void close() {
        jvm.close();
    }

    @Override
    public String toString() {
        return "AttachClient[" + target.pid() + "]";
    }
}
