package org.mapfiles;

/** Negative errno values that the native core answers with, on x86-64 and aarch64 alike. */
final class Errno {
    static final int EPERM = -1;
    static final int ENOENT = -2;
    static final int ESRCH = -3;
    static final int EIO = -5;
    static final int ENXIO = -6;
    static final int EBADF = -9;
    static final int ECHILD = -10;
    static final int EAGAIN = -11;
    static final int ENOMEM = -12;
    static final int EACCES = -13;
    static final int EXDEV = -18;
    static final int ENODEV = -19;
    static final int EINVAL = -22;
    static final int ENFILE = -23;
    static final int EMFILE = -24;
    static final int ENOTTY = -25;
    static final int ENAMETOOLONG = -36;
    static final int ENOSYS = -38;
    static final int EIDRM = -43;
    static final int EUNATCH = -49;
    static final int ENODATA = -61;
    static final int EBADMSG = -74;
    static final int ENOTSUP = -95;
    static final int ENOBUFS = -105;
    static final int ESTALE = -116;
    static final int EDQUOT = -122;

    private Errno() {
    }
}
