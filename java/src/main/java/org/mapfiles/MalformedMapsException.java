package org.mapfiles;

import java.util.Objects;

/** Thrown if a text is not what proc_pid_maps(5) describes. The message quotes the first line that does not parse. */
public final class MalformedMapsException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Number of the line that does not parse, from 1. */
    private final int line;

    /**
     * Makes the exception.
     *
     * @param message the cause and the remedy
     * @param line number of the line, from 1
     */
    public MalformedMapsException(String message, int line) {
        super(Objects.requireNonNull(message, "message"));
        this.line = line;
    }

    /**
     * Returns the number of the line that does not parse.
     *
     * @return from 1
     */
    public int line() {
        return line;
    }
}
