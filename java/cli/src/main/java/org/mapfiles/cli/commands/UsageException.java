package org.mapfiles.cli.commands;

/** The options and arguments of a command do not go together. The command has printed nothing. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what is wrong, as the beginning of a sentence */
    UsageException(String message) {
        super(message);
    }
}
