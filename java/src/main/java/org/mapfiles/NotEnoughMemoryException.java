package org.mapfiles;

/**
 * This JVM has too little memory for an operation on a process: direct memory ({@code -XX:MaxDirectMemorySize}), as for a snapshot, or
 * Java heap ({@code -Xmx}), as for its search index. A snapshot stays as it was. The cause is the {@link OutOfMemoryError}.
 * {@link ProcessMaps#parts} takes a fixed amount, whatever the number of mappings.
 */
public final class NotEnoughMemoryException extends MapsException {
    private static final long serialVersionUID = 1;

    NotEnoughMemoryException(String message, OutOfMemoryError cause) {
        super(message);
        initCause(cause);
    }

    /** Returns whether more memory does not help, since one buffer (2 GiB) cannot hold what was asked for. */
    public boolean isTooLarge() {
        return getCause() instanceof NativeMemory.TooLarge;
    }
}
