package org.mapfiles.files;

import java.util.Set;

/** Parts of an entry of map_files, each with its price. */
public enum EntryField {
    /** The path: a question of PROCMAP_QUERY, 1 us; readlink(2) before Linux 6.11. */
    TARGET,
    /** How the process opened the file: an lstat(2), 2 us. */
    ACCESS,
    /** What stat(2) says of the file, 3 us; takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. */
    STAT;

    private static final EntryField[] VALUES = values();

    static int bits(Set<EntryField> fields) {
        int bits = 0;
        for (EntryField field : VALUES) {
            bits |= fields.contains(field) ? 1 << field.ordinal() : 0;
        }
        if (bits == 0) {
            throw new IllegalArgumentException("no part of an entry is asked for");
        }
        return bits;
    }
}
