package org.mapfiles;

import java.util.Objects;
import org.mapfiles.internal.NativeMemory;

/**
 * This JVM has too little memory for an operation on a process: direct memory ({@code -XX:MaxDirectMemorySize}), as for a snapshot, or
 * Java heap ({@code -Xmx}), as for its search index. A snapshot stays as it was. The cause is the {@link OutOfMemoryError}.
 * {@link ProcessMaps#chunks} takes a fixed amount, whatever the number of mappings.
 */
public final class NotEnoughMemoryException extends MapsException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param what what there is not enough memory for, such as {@code a snapshot of process 42}
     */
    public NotEnoughMemoryException(String what, OutOfMemoryError cause) {
        super(message(Objects.requireNonNull(what, "what"), Objects.requireNonNull(cause, "cause")));
        initCause(cause);
    }

    private static String message(String what, OutOfMemoryError cause) {
        if (cause instanceof NativeMemory.TooLarge) {
            return what + " does not fit into one buffer (" + cause.getMessage()
                    + "): read fewer mappings by a MapFilter, or all of them by ProcessMaps.chunks()";
        }
        if (String.valueOf(cause.getMessage()).contains("native thread")) { // Thread.start()
            return "this JVM cannot start a thread for " + what + " (" + cause.getMessage()
                    + "): raise ulimit -u, or pids.max of the control group";
        }
        return "this JVM has not enough memory for " + what + " (" + cause.getMessage()
                + "): raise -XX:MaxDirectMemorySize, or -Xmx for the heap";
    }

    /** Returns whether more memory does not help, since one buffer (2 GiB) cannot hold what was asked for. */
    public boolean isTooLarge() {
        return getCause() instanceof NativeMemory.TooLarge;
    }
}
