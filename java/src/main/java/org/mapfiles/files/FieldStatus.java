package org.mapfiles.files;

import org.mapfiles.internal.Errno;

/** Whether a part of an entry is known, and if not, why. */
public enum FieldStatus {
    /** It is. */
    KNOWN,
    /** It was not asked for. */
    NOT_ASKED,
    /** The mapping is gone, or shows another file by now. */
    STALE,
    /**
     * The caller may not read it. {@link MapFiles#listDenial} and {@link MapFiles#followDenial} report what is missing: to follow
     * entries takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace.
     */
    DENIED,
    /** The target has 4,096 bytes or more, which readlink(2) does not give. */
    NAME_TOO_LONG,
    /** This kernel has no map_files. */
    NOT_SUPPORTED,
    /** A system call failed: a file system's own error. */
    FAILED;

    static FieldStatus of(int error) {
        switch (error) {
            case 0:
                return KNOWN;
            case Errno.ENODATA:
                return NOT_ASKED;
            case Errno.ESTALE:
                return STALE;
            case Errno.EPERM:
                return DENIED;
            case Errno.ENAMETOOLONG:
                return NAME_TOO_LONG;
            case Errno.ENOTSUP:
                return NOT_SUPPORTED;
            default:
                return FAILED;
        }
    }
}
