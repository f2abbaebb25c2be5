package org.mapfiles;

import org.mapfiles.internal.MapRecord;

/** Whether the mapped file is deleted: whether no path leads to it by the name of the mapping. */
public enum Deletion {
    /** The file is not deleted: the name does not end in {@code " (deleted)"}, or that is part of the file's own name. */
    NOT_DELETED,
    /** No path leads to the file by this name. Also for files that never had a path: memfd, System V, shared anonymous memory. */
    DELETED,
    /**
     * The name ends in {@code " (deleted)"}. Either the kernel added that, or it is part of the file's own name: the text is the same.
     * {@link org.mapfiles.files.MapFiles#deletion(Mapping)} queries the kernel.
     */
    UNKNOWN;

    static Deletion ofFlags(int flags) {
        if ((flags & MapRecord.DELETED) != 0) {
            return DELETED;
        }
        return (flags & MapRecord.SUFFIXED) != 0 ? UNKNOWN : NOT_DELETED;
    }
}
