package org.mapfiles.files;

import java.util.Objects;
import org.mapfiles.MapsException;

/**
 * Thrown if the process does not have the mapping any more: its exact range was unmapped, split, merged or moved, or
 * maps another file. Nothing is reported about a mapping that is there now. Read a new snapshot.
 */
public final class StaleMappingException extends MapsException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message the mapping, and the remedy
     */
    public StaleMappingException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }
}
