package org.mapfiles.internal;

/** Negative errno values that the native core returns. The numbers are the same on x86-64 and aarch64. */
public final class Errno {
    public static final int EPERM = -1;
    public static final int ENOENT = -2;
    public static final int ESRCH = -3;
    public static final int EINTR = -4;
    public static final int EIO = -5;
    public static final int ENXIO = -6;
    public static final int E2BIG = -7;
    public static final int ENOEXEC = -8;
    public static final int EBADF = -9;
    public static final int ECHILD = -10;
    public static final int EAGAIN = -11;
    public static final int ENOMEM = -12;
    public static final int EACCES = -13;
    public static final int EFAULT = -14;
    public static final int EEXIST = -17;
    public static final int EXDEV = -18;
    public static final int ENODEV = -19;
    public static final int ENOTDIR = -20;
    public static final int EINVAL = -22;
    public static final int ENFILE = -23;
    public static final int EMFILE = -24;
    public static final int ENOTTY = -25;
    public static final int ETXTBSY = -26;
    public static final int EROFS = -30;
    public static final int EPIPE = -32;
    public static final int ENAMETOOLONG = -36;
    public static final int ENOSYS = -38;
    public static final int EIDRM = -43;
    public static final int EUNATCH = -49;
    public static final int ENODATA = -61;
    public static final int EBADMSG = -74;
    public static final int EOVERFLOW = -75;
    public static final int EREMCHG = -78;
    public static final int ENOTSOCK = -88;
    public static final int EPROTONOSUPPORT = -93;
    public static final int ENOTSUP = -95;
    public static final int ECONNRESET = -104;
    public static final int ENOBUFS = -105;
    public static final int ETIMEDOUT = -110;
    public static final int ECONNREFUSED = -111;
    public static final int ESTALE = -116;
    public static final int EDQUOT = -122;

    /** From 1: include/uapi/asm-generic/errno-base.h and errno.h. A {@code -} is no error. */
    private static final String[] NAMES =
            ("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK "
                            + "EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE "
                            + "EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM "
                            + "ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT "
                            + "- EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP "
                            + "EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ "
                            + "ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT "
                            + "ESOCKTNOSUPPORT ENOTSUP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH "
                            + "ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT "
                            + "ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM "
                            + "EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED "
                            + "EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON")
                    .split(" ");

    private Errno() {}

    /**
     * Returns whether descriptors or memory of the kernel are used up: the error is not about the process or the file.
     */
    public static boolean isShortage(int errno) {
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    }

    /** Returns the name of an error with its meaning, for a message. Each number of Linux has a name. */
    public static String name(int errno) {
        int number = -errno;
        if (number < 1 || number > NAMES.length || NAMES[number - 1].equals("-")) {
            return "errno " + number;
        }
        String meaning = meaning(number);
        return NAMES[number - 1] + (meaning.isEmpty() ? "" : " (" + meaning + ")");
    }

    /** Returns words for the errors that files and file systems return; empty for others. */
    private static String meaning(int number) {
        switch (number) {
            case 1: // EPERM
                return "operation not permitted";
            case 4: // EINTR
                return "interrupted by a signal";
            case 5: // EIO
                return "the file system or the memory cannot be read";
            case 6: // ENXIO
                return "no such device";
            case 11: // EAGAIN
                return "try again";
            case 12: // ENOMEM
                return "out of memory";
            case 13: // EACCES
                return "permission denied";
            case 16: // EBUSY
                return "the device is busy";
            case 19: // ENODEV
                return "no such device";
            case 22: // EINVAL
                return "an argument is invalid";
            case 23: // ENFILE
                return "too many open descriptors on the machine";
            case 24: // EMFILE
                return "too many open descriptors";
            case 26: // ETXTBSY
                return "the file is being executed";
            case 27: // EFBIG
                return "the file is too large";
            case 28: // ENOSPC
                return "no space is left on the device";
            case 30: // EROFS
                return "the file system is read-only";
            case 35: // EDEADLK
                return "a lock would never end";
            case 36: // ENAMETOOLONG
                return "the name is too long";
            case 38: // ENOSYS
                return "not implemented by the kernel";
            case 40: // ELOOP
                return "too many symbolic links";
            case 61: // ENODATA
                return "no data";
            case 75: // EOVERFLOW
                return "a value is too large";
            case 95: // ENOTSUP
                return "not supported";
            case 107: // ENOTCONN
                return "the network file system is not connected";
            case 110: // ETIMEDOUT
                return "timed out";
            case 112: // EHOSTDOWN
                return "the host is down";
            case 116: // ESTALE
                return "the file handle is stale";
            case 117: // EUCLEAN
                return "the file system is damaged";
            case 121: // EREMOTEIO
                return "the device has failed";
            case 123: // ENOMEDIUM
                return "no medium is in the device";
            case 124: // EMEDIUMTYPE
                return "wrong medium type";
            case 126: // ENOKEY
                return "the key is missing";
            case 133: // EHWPOISON
                return "the memory has a hardware error";
            default:
                return "";
        }
    }
}
