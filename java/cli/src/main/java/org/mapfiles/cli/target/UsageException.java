package org.mapfiles.cli.target;

/** The arguments of a command are wrong, or do not go together. The command has printed nothing. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what is wrong, as the beginning of a sentence */
    public UsageException(String message) {
        super(message);
    }
}
