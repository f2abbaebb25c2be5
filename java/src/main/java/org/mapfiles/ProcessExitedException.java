package org.mapfiles;

import java.util.Objects;

/** The process has ended, or it is a zombie: ended, and not yet waited for by its parent. Its mappings are gone. */
public final class ProcessExitedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Makes the exception. */
    public ProcessExitedException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }
}
