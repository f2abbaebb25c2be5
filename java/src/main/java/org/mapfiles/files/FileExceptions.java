package org.mapfiles.files;

import java.util.EnumSet;
import java.util.function.Function;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.Privileges;
import org.mapfiles.internal.RootAccess;

/** What a negative errno of the native core means for entries and files of mappings. */
final class FileExceptions {
    private FileExceptions() {
    }

    /** What a negative errno means for the entry or the file of a mapping, named for people. */
    static MapsException ofEntry(int errno, String mapping) {
        switch (errno) {
            case Errno.ESTALE:
                return new StaleMappingException("the process does not have this mapping any more, or shows another file in it: "
                        + mapping + ": read a new snapshot");
            case Errno.EPERM:
                return notFollowed(", and no path leads to the file: " + mapping);
            case Errno.EACCES:
                return new PermissionDeniedException("this user may not open the file: its permissions, those of a directory on the way,"
                        + " its attributes (lsattr) or its file system (FUSE) forbid it: " + mapping, EnumSet.of(Reason.POLICY));
            case Errno.EUNATCH:
                return new NotSupportedException(Missing.OPENING, "what is mapped cannot be opened: a ring of perf or io_uring, a socket, a"
                        + " buffer of devices, or no driver is behind it: " + mapping);
            case Errno.EBADF:
                return new PermissionDeniedException("the process opened the file for reading only: " + mapping,
                        EnumSet.of(Reason.READ_ONLY));
            case Errno.EIDRM:
                return notAtPath(FileState.UNKNOWN, mapping);
            case Errno.EREMCHG:
                return new NotVerifiedException("overlayfs made a copy of the file when it was opened for writing, and its path leads to"
                        + " that copy; nothing leads to the file that is still mapped: " + mapping
                        + ": ProcessMaps.readMemory() reads the bytes that are mapped", true);
            case Errno.EAGAIN:
                return new PermissionDeniedException("another process has a lease on the file (fcntl F_SETLEASE), and was asked to give it"
                        + " up: " + mapping + ": try again", EnumSet.of(Reason.LEASE));
            case Errno.ETXTBSY:
                return new MapsException("the file runs as a program, and cannot be opened for writing: " + mapping);
            case Errno.EROFS:
                return new MapsException("the file is on a read-only mount: " + mapping);
            case Errno.EIO:
                return new MapsException("the file system failed to open or read the file: " + mapping);
            case Errno.ENODATA:
                return new NotVerifiedException("nothing proves that the file at its path is that of " + mapping
                        + ": openUnverified() takes it all the same", false);
            case Errno.ENAMETOOLONG:
                return throughEntryOr("the path has 4,096 bytes or more, which no system call takes: " + mapping,
                        message -> new NotSupportedException(Missing.LONG_PATHS, message));
            case Errno.ENOTSUP:
                return new NotSupportedException(Missing.MAP_FILES,
                        "no /proc/pid/map_files here (Linux 4.3+; some sandboxes have none):"
                        + " files that have a path can be opened all the same");
            case Errno.ENODEV:
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.ENXIO:
                return ofProcess(errno, "the process of " + mapping, 0);
            default:
                return Errno.isShortage(errno) ? ofProcess(errno, mapping, 0)
                        : new MapsException("opening the file of " + mapping + " failed with " + Errno.name(errno));
        }
    }

    /** Why the calling thread may not follow entries of map_files. */
    static MapsException ofFollowing(int errno) {
        return errno == Errno.EPERM ? notFollowed("") : ofEntry(errno, "this process");
    }

    private static PermissionDeniedException notFollowed(String more) {
        return new PermissionDeniedException("following an entry of map_files takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the"
                + " initial user namespace" + more + ": " + Privileges.ofCaller().toFollow(), EnumSet.of(Reason.CHECKPOINT_RESTORE));
    }

    /**
     * Returns the failure to open a file that its path does not lead to.
     *
     * @param state what is at the path
     */
    static MapsException notAtPath(FileState state, String mapping) {
        boolean isNothing = state == FileState.DELETED || state == FileState.UNLINKED || state == FileState.PATH_REMOVED;
        String what = isNothing ? "nothing is" : state == FileState.REPLACED ? "another file is" : "nothing or another file is";
        return throughEntryOr(what + " at the path of " + mapping, message -> new NotVerifiedException(message, true));
    }

    /** A file that is not found by its path can be opened through its entry: a caller that may not follow entries lacks a permission. */
    private static MapsException throughEntryOr(String message, Function<String, MapsException> other) {
        Privileges caller = Privileges.ofCaller();
        return caller.mayFollow() ? other.apply(message)
                : new PermissionDeniedException(message + ": its entry of map_files leads to the file, and needs CAP_CHECKPOINT_RESTORE: "
                        + caller.toFollow(), EnumSet.of(Reason.CHECKPOINT_RESTORE));
    }

    /** What a negative errno means for a process, or for something of it. */
    static MapsException ofProcess(int errno, String what, int pidAtProc) {
        return (MapsException) RootAccess.get().failure(errno, what, pidAtProc);
    }
}
