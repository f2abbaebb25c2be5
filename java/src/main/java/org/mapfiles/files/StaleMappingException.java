package org.mapfiles.files;

import java.util.Objects;
import org.mapfiles.MapsException;

/**
 * The mapping that was asked for is gone: its exact range is unmapped, split, merged or moved, or shows another file by now.
 * Nothing was answered for whatever is there now; read a new snapshot.
 */
public final class StaleMappingException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Makes the exception. */
    public StaleMappingException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }
}
