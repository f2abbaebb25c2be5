package org.mapfiles;

import java.util.Objects;

/**
 * Thrown if this kernel, C library, process or file does not support an operation. {@link #missing()} returns the
 * missing feature.
 */
public final class NotSupportedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** The missing feature. */
    public enum Missing {
        /** Mappings of a kernel thread. */
        KERNEL_THREAD,
        /** A proc file system at /proc. */
        PROC,
        /** PROCMAP_QUERY: Linux 6.11+. */
        QUERY,
        /** /proc/PID/map_files: Linux 4.3+. Some sandboxes do not provide it. */
        MAP_FILES,
        /** System calls for paths of 4,096 bytes or more. */
        LONG_PATHS,
        /** Opening the mapped file. Rings of perf and io_uring, sockets and buffers of devices cannot be opened. */
        OPENING,
        /** Access to the descriptor of a channel of this JVM. */
        CHANNEL,
        /** Events of the kernel: perf_event_open(2). */
        EVENTS,
        /**
         * The PID of the process in the PID namespace of the caller. The process was opened in the proc file system of
         * another one.
         */
        PID_NAMESPACE,
        /** The clock offset of the caller. It called unshare(CLONE_NEWTIME) inside a time namespace. */
        TIME_NAMESPACE,
        /** A HotSpot JVM in the process, or one that has started completely. */
        JVM,
        /** /proc/PID/pagemap or smaps. Some kernels are built without them, and some sandboxes do not provide them. */
        PAGES
    }

    /** The missing feature. */
    private final Missing missing;

    /**
     * Makes the exception.
     *
     * @param missing the missing feature
     * @param message the cause and the remedy
     */
    public NotSupportedException(Missing missing, String message) {
        super(Objects.requireNonNull(message, "message"));
        this.missing = Objects.requireNonNull(missing, "missing");
    }

    /**
     * Returns the missing feature.
     *
     * @return never null
     */
    public Missing missing() {
        return missing;
    }
}
