package org.mapfiles;

import java.io.IOException;
import java.util.Objects;

/**
 * Thrown if the mappings of a process cannot be read. The message contains the cause and the remedy. There is one
 * subclass per cause that a program may handle. Instances of this class itself are other failures of system calls, such
 * as too many open files.
 */
public class MapsException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message the cause and the remedy
     */
    public MapsException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    /**
     * Makes the exception with a cause.
     *
     * @param message the cause and the remedy
     * @param cause the failure below
     */
    public MapsException(String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), Objects.requireNonNull(cause, "cause"));
    }
}
