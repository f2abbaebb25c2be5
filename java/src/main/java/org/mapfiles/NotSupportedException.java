package org.mapfiles;

import java.util.Objects;

/** What was asked for does not exist here: {@link #missing()} tells what. */
public final class NotSupportedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** What is not there. */
    public enum Missing {
        /** Mappings of a kernel thread. */
        KERNEL_THREAD,
        /** A proc file system at /proc. */
        PROC,
        /** PROCMAP_QUERY, which came with Linux 6.11. */
        QUERY,
        /** /proc/pid/map_files, which came with Linux 4.3; some sandboxes have none. */
        MAP_FILES,
        /** System calls for paths of 4,096 bytes or more. */
        LONG_PATHS,
        /** A way to open what is mapped: rings of perf and io_uring, sockets and buffers of devices have none. */
        OPENING,
        /** A loader that counts what it loads: some C libraries have none. */
        LOADER_COUNTS,
        /** A way to give this JVM a descriptor. */
        CHANNEL,
        /** Events of the kernel, perf_event_open(2). */
        EVENTS,
        /** The process' numbers in this pid namespace: it was opened in a proc file system of another. */
        PID_NAMESPACE,
        /** The offset of this process' clock: its thread has made a time namespace for its children, while in another one itself. */
        TIME_NAMESPACE,
        /** A JVM in the process: there is no HotSpot JVM in it, or not yet. */
        JVM
    }

    private final Missing missing;

    /** Makes the exception. */
    public NotSupportedException(Missing missing, String message) {
        super(Objects.requireNonNull(message, "message"));
        this.missing = Objects.requireNonNull(missing, "missing");
    }

    /** What is not there. */
    public Missing missing() {
        return missing;
    }
}
