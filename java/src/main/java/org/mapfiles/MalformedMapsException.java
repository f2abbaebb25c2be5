package org.mapfiles;

import java.util.Objects;

/** A text is not what proc_pid_maps(5) describes. No guess is made: the line that does not parse is named. */
public final class MalformedMapsException extends MapsException {
    private static final long serialVersionUID = 1;

    private final int line;

    /** Makes the exception. */
    public MalformedMapsException(String message, int line) {
        super(Objects.requireNonNull(message, "message"));
        this.line = line;
    }

    /** Number of the line, from 1. */
    public int line() {
        return line;
    }
}
