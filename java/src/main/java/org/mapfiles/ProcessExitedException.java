package org.mapfiles;

import java.util.Objects;

/**
 * Thrown if the process has exited or is a zombie: its parent has not waited for it yet. It has no mappings any more.
 * Also thrown if the program that is read does not run any more, since the process called execve(2). The message has
 * the cause.
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
