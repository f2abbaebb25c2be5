package org.mapfiles.files;

import java.util.Objects;
import org.mapfiles.MapsException;

/** Thrown if the file at the path of a mapping could not be verified to be the mapped file, or is another file. */
public final class NotVerifiedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Whether nothing or another file is at the path. */
    private final boolean isMismatch;

    /**
     * Constructs the exception.
     *
     * @param message the reason
     * @param isMismatch whether nothing or another file is at the path
     */
    public NotVerifiedException(String message, boolean isMismatch) {
        super(Objects.requireNonNull(message, "message"));
        this.isMismatch = isMismatch;
    }

    /**
     * {@return whether nothing or another file is at the path} If false, {@link MapFiles#openUnverified} opens the file
     * at the path.
     */
    public boolean isMismatch() {
        return isMismatch;
    }
}
