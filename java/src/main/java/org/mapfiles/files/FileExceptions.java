package org.mapfiles.files;

import java.util.EnumSet;
import java.util.function.Function;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.Privileges;
import org.mapfiles.internal.RootAccess;

/** Maps a negative errno of the native core to an exception, for entries and files of mappings (mapfiles_files.h). */
final class FileExceptions {
    private FileExceptions() {}

    /** Returns the exception for the entry or the file of a mapping. {@code mapping} is its text in the message. */
    static MapsException ofEntry(int errno, String mapping) {
        switch (errno) {
            case Errno.ESTALE:
                return new StaleMappingException(
                        "the process does not have this mapping any more, or maps another file there: " + mapping
                                + ": read a new snapshot");
            case Errno.EPERM:
                return notFollowed(", and no path leads to the file: " + mapping);
            case Errno.EACCES:
                return new PermissionDeniedException(
                        "this user may not open the file: check its permissions, those of the directories in"
                                + " its path, its attributes (lsattr) and its file system (FUSE): " + mapping,
                        EnumSet.of(Reason.POLICY));
            case Errno.EUNATCH:
                return new NotSupportedException(
                        Missing.OPENING,
                        "the mapped object cannot be opened: it is a ring of perf or io_uring, a"
                                + " socket, a buffer of a device, or a device without a driver: " + mapping
                                + ": ProcessMaps.readMemory() may read the mapped bytes");
            case Errno.EBADF:
                return new PermissionDeniedException(
                        "the process opened the file for reading only: " + mapping
                                + ": use open() instead of openForWriting()",
                        EnumSet.of(Reason.READ_ONLY));
            case Errno.EIDRM:
                return notAtPath(FileState.UNKNOWN, mapping);
            case Errno.EREMCHG:
                return new NotVerifiedException(
                        "overlayfs copied the file when it was opened for writing, and the path leads to the copy;"
                                + " no path leads to the file that is still mapped: " + mapping
                                + ": ProcessMaps.readMemory() reads the mapped bytes",
                        true);
            case Errno.EAGAIN:
                return new PermissionDeniedException(
                        "another process has a lease on the file (fcntl F_SETLEASE) and has been notified: " + mapping
                                + ": try again",
                        EnumSet.of(Reason.LEASE));
            case Errno.ETXTBSY:
                return new MapsException("the file is being executed and cannot be opened for writing: " + mapping
                        + ": use open() instead of openForWriting()");
            case Errno.EROFS:
                return new MapsException(
                        "the file is on a read-only mount: " + mapping + ": use open() instead of openForWriting()");
            case Errno.EIO:
                return new MapsException("the file system failed to open or read the file: " + mapping);
            case Errno.ENODATA:
                return new NotVerifiedException(
                        "the file at the path cannot be verified to be the mapped file of " + mapping
                                + ": openUnverified() opens it unverified",
                        false);
            case Errno.ENAMETOOLONG:
                return throughEntryOr(
                        "the path has 4,096 bytes or more, and system calls accept fewer: " + mapping,
                        message -> new NotSupportedException(Missing.LONG_PATHS, message));
            case Errno.ENOTSUP:
                return new NotSupportedException(
                        Missing.MAP_FILES,
                        "this kernel has no /proc/PID/map_files (Linux 4.3+; some sandboxes omit it):"
                                + " only files with a path can be opened");
            case Errno.ENODEV:
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.ENXIO:
                return ofProcess(errno, "the process of " + mapping, 0);
            default:
                return Errno.isShortage(errno)
                        ? ofProcess(errno, mapping, 0)
                        : new MapsException("opening the file of " + mapping + " failed with " + Errno.name(errno));
        }
    }

    /** Returns the exception with the reason why the calling thread may not follow map_files entries. */
    static MapsException ofFollowing(int errno) {
        return errno == Errno.EPERM ? notFollowed("") : ofEntry(errno, "this process");
    }

    private static PermissionDeniedException notFollowed(String more) {
        return new PermissionDeniedException(
                "following a map_files entry needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the"
                        + " initial user namespace" + more + ": "
                        + Privileges.ofCaller().toFollow(),
                EnumSet.of(Reason.CHECKPOINT_RESTORE));
    }

    /**
     * Returns the failure to open a file that its path does not lead to.
     *
     * @param state what is at the path
     */
    static MapsException notAtPath(FileState state, String mapping) {
        boolean isNothing =
                state == FileState.DELETED || state == FileState.UNLINKED || state == FileState.PATH_REMOVED;
        String what = isNothing
                ? "nothing is"
                : state == FileState.REPLACED ? "another file is" : "nothing or another file is";
        return throughEntryOr(what + " at the path of " + mapping, message -> new NotVerifiedException(message, true));
    }

    /**
     * A file that is not found by its path can be opened through its entry: a caller that may not follow entries lacks
     * a permission.
     */
    private static MapsException throughEntryOr(String message, Function<String, MapsException> other) {
        Privileges caller = Privileges.ofCaller();
        return caller.mayFollow()
                ? other.apply(message)
                : new PermissionDeniedException(
                        message + ": its map_files entry leads to the file, and needs CAP_CHECKPOINT_RESTORE: "
                                + caller.toFollow(),
                        EnumSet.of(Reason.CHECKPOINT_RESTORE));
    }

    /** Returns the exception for a process, or for a {@code subject} of it. */
    static MapsException ofProcess(int errno, String subject, int pidAtProc) {
        return (MapsException) RootAccess.get().failure(errno, subject, pidAtProc);
    }
}
