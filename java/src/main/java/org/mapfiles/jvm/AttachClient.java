package org.mapfiles.jvm;

import java.lang.ref.Reference;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;
import org.mapfiles.jvm.AttachException.Reason;

/**
 * Sends diagnostic commands to a JVM through HotSpot's attach socket, as {@link JvmProcess#execute} documents. Not
 * thread-safe.
 */
final class AttachClient {
    /** Maximum size of a response, in bytes. */
    static final int MAX_RESPONSE = 1 << 24;

    private static final int MAX_ARGUMENT = 1024; // AttachOperation::arg_length_max, services/attachListener.hpp

    /** Half a second for the exit of a JVM that has closed its connections. */
    private static final int EXIT_POLLS = 25;

    private static final int EXIT_POLL_MILLIS = 20;

    private final JvmProcess jvm;
    /** Null before the first command. */
    private @Nullable AttachTarget target;

    private boolean isListening;

    /** The process must stay open as long as this object is used. */
    AttachClient(JvmProcess jvm) {
        this.jvm = jvm;
    }

    static void check(String command, Duration timeout) {
        if (command.isBlank() || command.indexOf(0) >= 0 || AttachConnection.bytes(command).length > MAX_ARGUMENT) {
            throw new IllegalArgumentException(
                    "a diagnostic command must have 1 to " + MAX_ARGUMENT + " bytes and no NUL: " + command);
        }
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("the time limit must be above 0: " + timeout);
        }
    }

    /** Starts the listener before the first command, unless it runs. Executes a command and returns its output. */
    String execute(String command, Duration timeout) throws MapsException {
        Deadline deadline = Deadline.in(timeout);
        try {
            if (!isListening) {
                target = new AttachTarget(jvm.memory());
                new AttachListener(target, jvm, deadline).start();
                isListening = true;
            }
            try (AttachConnection connection = AttachConnection.open(target, deadline)) {
                connection.send("1", "jcmd", command, "", ""); // protocol version 1: a name and three arguments
                return output(command, connection.receive(MAX_RESPONSE));
            }
        } catch (AttachException e) {
            requireRunning(e.reason() == Reason.INVALID_RESPONSE ? EXIT_POLLS : 0, deadline);
            throw e;
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the response", e);
        } finally {
            Reference.reachabilityFence(jvm); // otherwise the cleaner may close the descriptor during the call
        }
    }

    /**
     * Throws ProcessExitedException if the process has exited, which closes its connections. A JVM closes them a moment
     * before it exits (listener_cleanup, attachListener_linux.cpp).
     */
    private void requireRunning(int polls, Deadline deadline) throws MapsException {
        jvm.flags();
        for (int i = 0;
                i < polls && !deadline.isOver() && !Thread.currentThread().isInterrupted();
                i++) {
            deadline.sleep(EXIT_POLL_MILLIS);
            jvm.flags();
        }
    }

    /** Returns the output of a response. Its first line is a number: 0 if the command was executed. */
    private String output(String command, byte[] response) throws AttachException {
        int end = 0;
        while (end < response.length && response[end] != '\n') {
            end++;
        }
        String result = AttachConnection.text(response, 0, end);
        if (end == response.length || !result.matches("-?[0-9]{1,10}")) {
            throw new AttachException(
                    Reason.INVALID_RESPONSE,
                    "the JVM of process " + target.pid()
                            + (response.length == 0
                                    ? " closed the connection without a response: it accepts only root and its own user and group ("
                                            + target.user() + ")"
                                    : " sent a response that does not follow the attach protocol: "
                                            + AttachConnection.printable(response, 0)));
        }
        if (!result.equals("0")) {
            throw new AttachException(
                    Reason.COMMAND_FAILED,
                    "the JVM of process " + target.pid() + " did not execute " + command + "; it reports: "
                            + AttachConnection.printable(response, end + 1));
        }
        return AttachConnection.text(response, end + 1, response.length);
    }
}
