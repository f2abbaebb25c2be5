package org.mapfiles.jvm;

import org.mapfiles.MapsException;
import org.mapfiles.internal.Errno;
import org.mapfiles.jvm.AttachException.Reason;

/**
 * Starts the listener of a JVM. HotSpot starts it on SIGQUIT if a file exists that its user or root has created; else
 * it prints a thread dump (signal_thread_entry(), src/hotspot/share/runtime/os.cpp). So the signal is sent once, and
 * only to a JVM that will start its listener.
 */
final class AttachListener {
    private static final int FIRST_WAIT_MILLIS = 5;
    private static final int MAX_WAIT_MILLIS = 100;

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
        JvmProcess.Flags flags = jvm.flags();
        if (flags.bool("DisableAttachMechanism").isEmpty()) {
            throw failure(
                    Reason.FLAGS_UNKNOWN,
                    "the flags of the JVM in process %d cannot be read, so no signal is sent to start"
                            + " its listener");
        }
        if (flags.isOn("DisableAttachMechanism")) {
            throw failure(
                    Reason.DISABLED,
                    "the JVM of process %d accepts no commands: it runs with -XX:+DisableAttachMechanism");
        }
        requireRunning();
        if (isListening()) {
            return;
        }
        if (flags.isOn("ReduceSignalUsage")) {
            throw failure(
                    Reason.SIGNALS_REDUCED,
                    "the JVM of process %d accepts no commands any more: with -Xrs (-XX:+ReduceSignalUsage) it"
                            + " listens from its start, and its socket has been deleted since");
        }
        requireHandler();
        request();
    }

    private AttachException failure(Reason reason, String message) {
        return new AttachException(reason, String.format(message, target.pid()));
    }

    private void requireRunning() throws AttachException {
        switch (jvm.runState()) {
            case STOPPED:
                throw failure(
                        Reason.STOPPED,
                        "process %1$d is stopped by a signal or a debugger, so it cannot respond: kill -CONT %1$d"
                                + " continues it");
            case FROZEN:
                throw failure(
                        Reason.FROZEN,
                        "the control group of process %d is frozen, so it cannot respond: thaw it first");
            default:
        }
    }

    /** Throws if the process has no handler for SIGQUIT, which would terminate it. */
    private void requireHandler() throws AttachException {
        if (!target.catchesQuit()) {
            throw failure(
                    Reason.SIGNAL_NOT_CAUGHT,
                    "the JVM of process %d does not catch SIGQUIT, so no signal is sent to start its"
                            + " listener: it is starting, or the program has replaced the handler");
        }
    }

    /** Returns whether the JVM listens. When a JVM starts to listen it replaces a socket of an earlier process. */
    private boolean isListening() throws MapsException {
        int socket = target.connect();
        while (socket == Errno.EINTR && !deadline.isOver()) {
            socket = target.connect();
        }
        if (socket >= 0) {
            JvmCalls.descriptorClose(socket);
            return true;
        }
        if (socket == Errno.ENOENT || socket == Errno.ECONNREFUSED) {
            return false;
        }
        if (socket == Errno.EAGAIN) { // it listens, and its queue is full
            return true;
        }
        throw AttachConnection.failure(target, socket, deadline);
    }

    private void request() throws MapsException {
        Remover remover = new Remover();
        try {
            checkCreated(remover.create());
            if (!isListening()) { // another program may have started it in between
                signal();
                waitUntilItListens();
            }
        } finally {
            remover.removeNow();
        }
    }

    private void checkCreated(int rc) throws MapsException {
        if (rc == Errno.EEXIST) {
            throw failure(
                    Reason.NOT_TRUSTED,
                    "a file .attach_pid" + target.innerPid() + " already exists in the /tmp or the working"
                            + " directory of process %d: its JVM would print a thread dump instead of accepting commands: remove the file");
        }
        if (rc == Errno.ENOENT) {
            throw failure(
                    Reason.SYSTEM_CALL,
                    "process %d has no directory /tmp, where its JVM creates the attach socket: create it");
        }
        if (rc < 0) {
            throw AttachConnection.failure(target, rc, deadline);
        }
    }

    private void signal() throws MapsException {
        jvm.flags(); // throws if the process runs another program now (execve(2)), which SIGQUIT may terminate
        requireHandler();
        int rc = target.signal();
        if (rc == Errno.ENOSYS) {
            throw failure(
                    Reason.SYSTEM_CALL,
                    "no signal is sent to process %d: pidfd_send_signal(2) is unsupported (Linux 5.1+), or"
                            + " a seccomp filter forbids it");
        }
        if (rc < 0) {
            throw AttachConnection.failure(target, rc, deadline);
        }
    }

    private void waitUntilItListens() throws MapsException {
        int wait = FIRST_WAIT_MILLIS;
        while (!isListening()) {
            if (deadline.isOver() || Thread.currentThread().isInterrupted()) {
                throw failure(
                        Reason.TIMEOUT,
                        "the JVM of process %d did not start to accept commands " + deadline + ": it may hang or be"
                                + " busy, and may print a thread dump when it continues");
            }
            deadline.sleep(wait);
            wait = Math.min(2 * wait, MAX_WAIT_MILLIS);
        }
    }

    /** Creates the file, and removes it once: when the JVM listens, or when this JVM exits before. */
    private final class Remover implements Runnable {
        private final Thread hook = new Thread(this, "mapfiles-attach-remover");
        private int[] trigger;
        private boolean isOver;

        Remover() {
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                // the caller is a shutdown hook itself, and removes the file in time
            }
        }

        /** Creates the file after the hook was added, so that no exit leaves the file behind. */
        synchronized int create() {
            if (isOver) {
                return Errno.EAGAIN; // this JVM exits
            }
            int[] created = new int[2];
            int rc = target.createTrigger(created);
            trigger = rc < 0 ? null : created;
            return rc;
        }

        @Override
        public synchronized void run() {
            isOver = true;
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
