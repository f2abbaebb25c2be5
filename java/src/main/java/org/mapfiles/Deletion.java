package org.mapfiles;

import org.mapfiles.internal.MapRecord;

/** Whether the name that a file was mapped under is gone. */
public enum Deletion {
    /** The name does not end in the kernel's {@code " (deleted)"}, or was found to be the file's own. */
    NOT_DELETED,
    /** No path leads to the file by this name any more, or never did (memfd, System V, shared anonymous memory). */
    DELETED,
    /**
     * The name ends in {@code " (deleted)"}, and the text does not tell whether the kernel put that there or the file is
     * really called so. {@link org.mapfiles.files.MapFiles#deletion(Mapping)} asks.
     */
    UNKNOWN;

    static Deletion ofFlags(int flags) {
        if ((flags & MapRecord.DELETED) != 0) {
            return DELETED;
        }
        return (flags & MapRecord.SUFFIXED) != 0 ? UNKNOWN : NOT_DELETED;
    }
}
