package org.mapfiles;

import java.util.Objects;

/**
 * This JVM has too little memory for the mappings of a process: direct memory for the snapshot ({@code -XX:MaxDirectMemorySize}), or
 * Java heap for its search index ({@code -Xmx}). The snapshot stays as it was. The cause is the {@link OutOfMemoryError}.
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
        super("this JVM has not enough memory for " + Objects.requireNonNull(what, "what") + " ("
                + Objects.requireNonNull(cause, "cause").getMessage() + "): raise -XX:MaxDirectMemorySize, or -Xmx for the heap");
        initCause(cause);
    }
}
