package org.mapfiles.internal;

/** Negative errno values that the native core returns. The numbers are the same on x86-64 and aarch64. */
public final class Errno {
    public static final int EPERM = -1;
    public static final int ENOENT = -2;
    public static final int ESRCH = -3;
    public static final int EINTR = -4;
    public static final int EIO = -5;
    public static final int ENXIO = -6;
    public static final int ENOEXEC = -8;
    public static final int EBADF = -9;
    public static final int ECHILD = -10;
    public static final int EAGAIN = -11;
    public static final int ENOMEM = -12;
    public static final int EACCES = -13;
    public static final int EFAULT = -14;
    public static final int EXDEV = -18;
    public static final int ENODEV = -19;
    public static final int ENOTDIR = -20;
    public static final int EINVAL = -22;
    public static final int ENFILE = -23;
    public static final int EMFILE = -24;
    public static final int ENOTTY = -25;
    public static final int ETXTBSY = -26;
    public static final int EROFS = -30;
    public static final int ENAMETOOLONG = -36;
    public static final int ENOSYS = -38;
    public static final int EIDRM = -43;
    public static final int EUNATCH = -49;
    public static final int ENODATA = -61;
    public static final int EBADMSG = -74;
    public static final int EREMCHG = -78;
    public static final int ENOTSUP = -95;
    public static final int ENOBUFS = -105;
    public static final int ESTALE = -116;
    public static final int EDQUOT = -122;

    private Errno() {}

    /**
     * Returns whether descriptors or memory of the kernel are used up: the error is not about the process or the file.
     */
    public static boolean isShortage(int errno) {
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    }

    /** Returns the name of an error, for a message. */
    public static String name(int errno) {
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
