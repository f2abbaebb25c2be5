package org.mapfiles.jvm;

import org.mapfiles.MapsException;
import org.mapfiles.jvm.AttachException.Reason;

/**
 * Starts the listener of a JVM. HotSpot starts it on SIGQUIT if there is a file that the JVM's user or root has made, and prints a
 * thread dump if there is none (signal_thread_entry(), runtime/os.cpp). So the signal is sent once, and only to a JVM that will start
 * its listener.
 */
final class AttachListener {
    private static final int EEXIST = -17;
    private static final int ENOSYS = -38;
    private static final int FIRST_WAIT_MILLIS = 5;
    private static final int LONGEST_WAIT_MILLIS = 100;

    private final AttachTarget target;
    private final JvmProcess jvm;
    private final Deadline deadline;

    AttachListener(AttachTarget target, JvmProcess jvm, Deadline deadline) {
        this.target = target;
        this.jvm = jvm;
        this.deadline = deadline;
    }

    /** Starts the listener unless it runs. */
    void start() throws MapsException {
        JvmFlags flags = jvm.flags();
        if (flags.bool("DisableAttachMechanism").isEmpty()) {
            throw refused(Reason.FLAGS_UNKNOWN, "the flags of the JVM in process %d cannot be read, so it is not asked to accept commands");
        }
        if (flags.isOn("DisableAttachMechanism")) {
            throw refused(Reason.DISABLED, "the JVM of process %d accepts no commands: it runs with -XX:+DisableAttachMechanism");
        }
        requireRunning();
        if (isListening()) {
            return;
        }
        if (flags.isOn("ReduceSignalUsage")) {
            throw refused(Reason.SIGNALS_REDUCED, "the JVM of process %d accepts no commands any more: with -Xrs (-XX:+ReduceSignalUsage) it"
                    + " listens from its start, and the socket that it made then is gone");
        }
        requireHandler();
        request();
    }

    private AttachException refused(Reason reason, String message) {
        return new AttachException(reason, String.format(message, target.pid()));
    }

    private void requireRunning() throws AttachException {
        switch (jvm.runState()) {
            case STOPPED:
                throw refused(Reason.STOPPED, "process %1$d is stopped by a signal or a debugger, so it cannot answer: kill -CONT %1$d lets"
                        + " it continue");
            case FROZEN:
                throw refused(Reason.FROZEN, "the control group of process %d is frozen, so it cannot answer: thaw it first");
            default:
        }
    }

    /** SIGQUIT ends a process without a handler. */
    private void requireHandler() throws AttachException {
        if (!target.catchesQuit()) {
            throw refused(Reason.SIGNAL_NOT_CAUGHT, "the JVM of process %d does not catch SIGQUIT, so it is not asked to accept commands:"
                    + " it is starting, or the program has replaced the handler");
        }
    }

    /** Whether the JVM listens. A socket that an earlier process left is replaced by the JVM that starts to listen. */
    private boolean isListening() throws MapsException {
        int socket = target.connect();
        if (socket >= 0) {
            JvmCalls.descriptorClose(socket);
            return true;
        }
        if (socket == AttachConnection.ENOENT || socket == AttachConnection.ECONNREFUSED) {
            return false;
        }
        if (socket == AttachConnection.EAGAIN) { // it listens, and its queue is full
            return true;
        }
        throw AttachConnection.failure(target, socket, deadline);
    }

    private void request() throws MapsException {
        int[] trigger = new int[2];
        int rc = target.createTrigger(trigger);
        if (rc == EEXIST) {
            throw refused(Reason.NOT_TRUSTED, "something else is at the name .attach_pid" + target.innerPid() + " in the /tmp or the working"
                    + " directory of process %d: its JVM would print a thread dump instead of accepting commands");
        }
        if (rc == AttachConnection.ENOENT) {
            throw refused(Reason.SYSTEM_CALL, "process %d has no directory /tmp, where its JVM would make its attach socket");
        }
        if (rc < 0) {
            throw AttachConnection.failure(target, rc, deadline);
        }
        Remover remover = new Remover(trigger);
        try {
            if (!isListening()) { // another program may have been quicker
                signal();
                waitUntilItListens();
            }
        } finally {
            remover.removeNow();
        }
    }

    private void signal() throws MapsException {
        jvm.flags(); // fails if the process has become another program (execve(2)), which SIGQUIT may end
        requireHandler();
        int rc = target.signal();
        if (rc == ENOSYS) {
            throw refused(Reason.SYSTEM_CALL, "process %d is not signalled: this kernel cannot signal exactly one process"
                    + " (pidfd_send_signal, Linux 5.1; or a seccomp filter forbids it)");
        }
        if (rc < 0) {
            throw AttachConnection.failure(target, rc, deadline);
        }
    }

    private void waitUntilItListens() throws MapsException {
        int wait = FIRST_WAIT_MILLIS;
        while (!isListening()) {
            if (deadline.isOver() || Thread.currentThread().isInterrupted()) {
                throw refused(Reason.TIMEOUT, "the JVM of process %d did not start to accept commands " + deadline + ": it may hang, or be"
                        + " busy, and may print a thread dump when it continues");
            }
            deadline.sleep(wait);
            wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS);
        }
    }

    /** Removes the file once: when the JVM listens, or when this program is ended meanwhile. */
    private final class Remover implements Runnable {
        private final Thread hook = new Thread(this, "mapfiles-attach-remover");
        private int[] trigger;

        Remover(int[] trigger) {
            this.trigger = trigger;
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                // then the caller is a shutdown hook itself, and removes the file in time
            }
        }

        @Override
        public synchronized void run() {
            if (trigger != null) {
                target.removeTrigger(trigger);
                trigger = null;
            }
        }

        void removeNow() {
            run();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                // the hook finds nothing to remove
            }
        }
    }
}
