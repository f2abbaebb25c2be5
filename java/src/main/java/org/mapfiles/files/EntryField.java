package org.mapfiles.files;

import java.util.Set;

/** Fields of a map_files entry, each with the approximate cost of reading it. Constants have the order of {@code enum mf_entry_field}. */
public enum EntryField {
    /** The path. One PROCMAP_QUERY, about 1 us; readlink(2) before Linux 6.11. */
    TARGET,
    /** How the process opened the file. One lstat(2), about 2 us. */
    ACCESS,
    /** The result of stat(2), about 3 us. Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace. */
    STAT;

    private static final EntryField[] VALUES = values();

    static int bits(Set<EntryField> fields) {
        int bits = 0;
        for (EntryField field : VALUES) {
            bits |= fields.contains(field) ? 1 << field.ordinal() : 0;
        }
        if (bits == 0) {
            throw new IllegalArgumentException("the set of fields is empty: pass at least one EntryField");
        }
        return bits;
    }
}
