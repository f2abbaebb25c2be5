package org.mapfiles.cli.commands;

import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.jvm.AttachException;

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

    /** Returns the exit code of several steps: that of the first failure. */
    static int first(int before, int code) {
        return before == OK ? code : before;
    }

    /** Returns the exit code of a failure. */
    public static int of(Exception failure) {
        if (failure instanceof ProcessExitedException) {
            return EXITED;
        }
        boolean isOtherUser = failure instanceof AttachException
                && ((AttachException) failure).reason() == AttachException.Reason.OTHER_USER;
        if (failure instanceof PermissionDeniedException || isOtherUser) {
            return DENIED;
        }
        return failure instanceof IllegalArgumentException ? USAGE : NOT_RESOLVED;
    }
}
