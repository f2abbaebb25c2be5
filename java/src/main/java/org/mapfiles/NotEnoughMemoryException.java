package org.mapfiles;

import java.util.Objects;
import org.mapfiles.internal.NativeMemory;

/**
 * Thrown if this JVM has too little memory for an operation on a process. A snapshot takes direct memory
 * ({@code -XX:MaxDirectMemorySize}), and its search index takes Java heap ({@code -Xmx}). The snapshot is unchanged.
 * The cause is the {@link OutOfMemoryError}. {@link ProcessMaps#chunks} takes a fixed amount of memory, whatever the
 * number of mappings.
 */
public final class NotEnoughMemoryException extends MapsException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param use the object that does not fit into memory, such as {@code a snapshot of process 42}
     * @param cause the error of the JVM
     */
    public NotEnoughMemoryException(String use, OutOfMemoryError cause) {
        super(message(Objects.requireNonNull(use, "use"), Objects.requireNonNull(cause, "cause")));
        initCause(cause);
    }

    private static String message(String use, OutOfMemoryError cause) {
        if (cause instanceof NativeMemory.TooLarge) {
            return use + " does not fit into one buffer (" + cause.getMessage()
                    + "): read fewer mappings by a MapFilter, or all of them by ProcessMaps.chunks()";
        }
        if (String.valueOf(cause.getMessage()).contains("native thread")) { // Thread.start()
            return "this JVM cannot start a thread for " + use + " (" + cause.getMessage()
                    + "): raise ulimit -u, or pids.max of the control group";
        }
        return "this JVM has too little memory for " + use + " (" + cause.getMessage()
                + "): raise -XX:MaxDirectMemorySize, or -Xmx for the heap";
    }

    /**
     * Returns whether the data exceeds one buffer (2 GiB), so that more memory does not help.
     *
     * @return whether the data is too large
     */
    public boolean isTooLarge() {
        return getCause() instanceof NativeMemory.TooLarge;
    }
}
