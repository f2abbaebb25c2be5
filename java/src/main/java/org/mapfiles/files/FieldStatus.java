package org.mapfiles.files;

import org.mapfiles.internal.Errno;

/** Whether a field of a map_files entry could be read, and if not, why. */
public enum FieldStatus {
    /** The field was read. */
    KNOWN,
    /** The field was not requested. */
    NOT_ASKED,
    /** The mapping does not exist any more, or its range maps another file. */
    STALE,
    /**
     * The caller lacks the permission to read the field. {@link MapFiles#listDenial} and {@link MapFiles#followDenial} return the
     * missing permission. Following entries needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace.
     */
    DENIED,
    /** The target has 4,096 bytes or more. readlink(2) does not return it. */
    NAME_TOO_LONG,
    /** The kernel has no map_files. */
    NOT_SUPPORTED,
    /** A system call failed with another error, for example one of the file system. */
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
