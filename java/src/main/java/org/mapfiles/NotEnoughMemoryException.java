package org.mapfiles;

/**
 * This JVM has too little memory for the mappings of a process: direct memory for the snapshot ({@code -XX:MaxDirectMemorySize}), or
 * Java heap for its search index ({@code -Xmx}). The snapshot stays as it was. The cause is the {@link OutOfMemoryError}.
 * {@link ProcessMaps#parts} takes a fixed amount, whatever the number of mappings.
 */
public final class NotEnoughMemoryException extends MapsException {
    private static final long serialVersionUID = 1;

    NotEnoughMemoryException(String message, OutOfMemoryError cause) {
        super(message);
        initCause(cause);
    }
}
