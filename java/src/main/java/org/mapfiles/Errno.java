package org.mapfiles;

/** Negative errno values that the native core answers with, on x86-64 and aarch64 alike. */
final class Errno {
    static final int EPERM = -1;
    static final int ENOENT = -2;
    static final int ESRCH = -3;
    static final int EINTR = -4;
    static final int EIO = -5;
    static final int ENXIO = -6;
    static final int ENOEXEC = -8;
    static final int EBADF = -9;
    static final int ECHILD = -10;
    static final int EAGAIN = -11;
    static final int ENOMEM = -12;
    static final int EACCES = -13;
    static final int EFAULT = -14;
    static final int EXDEV = -18;
    static final int ENODEV = -19;
    static final int EINVAL = -22;
    static final int ENFILE = -23;
    static final int EMFILE = -24;
    static final int ENOTTY = -25;
    static final int ETXTBSY = -26;
    static final int EROFS = -30;
    static final int ENAMETOOLONG = -36;
    static final int ENOSYS = -38;
    static final int EIDRM = -43;
    static final int EUNATCH = -49;
    static final int ENODATA = -61;
    static final int EBADMSG = -74;
    static final int EREMCHG = -78;
    static final int ENOTSUP = -95;
    static final int ENOBUFS = -105;
    static final int ESTALE = -116;
    static final int EDQUOT = -122;

    private Errno() {
    }

    /** Whether descriptors or memory ran out, which says nothing of what was asked. */
    static boolean isShortage(int errno) {
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    }

    /** The name of an error that has no message of its own, for people. */
    static String name(int errno) {
        switch (errno) {
            case EINTR:
                return "EINTR (interrupted by a signal)";
            case EIO:
                return "EIO (the file system or the memory cannot be read)";
            case EAGAIN:
                return "EAGAIN (try again)";
            case EINVAL:
                return "EINVAL";
            default:
                return "errno " + -errno;
        }
    }
}
