package org.mapfiles;

import java.io.IOException;
import java.util.Objects;

/**
 * A process' mappings could not be read. The message says why and what to do; the subclasses are what a program may want to
 * tell apart. Of this very class are failures of a system call with no meaning of their own here, such as too many open
 * files.
 */
public class MapsException extends IOException {
    private static final long serialVersionUID = 1;

    /** An exception with a message that says why and what to do. */
    public MapsException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    /** An exception with a message that says why and what to do, and the cause. */
    public MapsException(String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), Objects.requireNonNull(cause, "cause"));
    }
}
