package org.mapfiles.jvm;

import org.mapfiles.MapsException;

/** Thrown if attaching to a JVM fails, or the JVM does not execute a command. {@link #reason()} is the cause. */
public final class AttachException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Causes of a failure. */
    public enum Reason {
        /** The JVM runs with {@code -XX:+DisableAttachMechanism}. */
        DISABLED,
        /** The JVM's table of flags cannot be read, so whether it accepts commands is unknown. */
        FLAGS_UNKNOWN,
        /**
         * The JVM runs with {@code -Xrs} ({@code -XX:+ReduceSignalUsage}), so it listens from its start, but its socket
         * has been deleted.
         */
        SIGNALS_REDUCED,
        /** The JVM does not catch SIGQUIT: it is starting, or the program has replaced the handler. */
        SIGNAL_NOT_CAUGHT,
        /** The process is stopped by a signal or a debugger. */
        STOPPED,
        /** The control group of the process is frozen. */
        FROZEN,
        /** The JVM accepts only root, and its own user with its own group. The caller may not act as that user. */
        OTHER_USER,
        /** The process was opened in a proc file system of another PID namespace. */
        PID_NAMESPACE,
        /**
         * The {@code /tmp} or the working directory of the target has an unexpected file at a name of the attach
         * protocol.
         */
        NOT_TRUSTED,
        /** The JVM did not start its listener, or did not respond, within the time limit. */
        TIMEOUT,
        /**
         * The JVM closed the connection without a response, or the response is too long or does not follow the
         * protocol.
         */
        INVALID_RESPONSE,
        /** The JVM reports that the command failed. */
        COMMAND_FAILED,
        /** A system call failed. */
        SYSTEM_CALL
    }

    /** The cause. */
    private final Reason reason;

    AttachException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** {@return the cause} */
    public Reason reason() {
        return reason;
    }
}
