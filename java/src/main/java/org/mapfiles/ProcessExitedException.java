package org.mapfiles;

import java.util.Objects;

/**
 * Thrown if the process has exited or is a zombie: its parent has not waited for it yet. It has no mappings any more.
 */
public final class ProcessExitedException extends MapsException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message the cause
     */
    public ProcessExitedException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }
}
