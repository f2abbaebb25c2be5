package org.mapfiles.cli.commands;

/** Exit codes of the command {@code mapfiles}. */
public final class ExitCode {
    /** Success. */
    public static final int OK = 0;
    /** An address is in no mapping, a line of input cannot be used, or another failure. */
    public static final int NOT_RESOLVED = 1;
    /** The command line is wrong. */
    public static final int USAGE = 2;
    /** A permission is missing. */
    public static final int DENIED = 3;
    /** The process has exited. */
    public static final int EXITED = 4;
    /** A process runs outdated code. */
    public static final int OUTDATED = 5;
    /** Java could not be started, or not its threads: as a shell returns for a command that it cannot run. */
    public static final int CANNOT_START = 127;

    private ExitCode() {}
}
