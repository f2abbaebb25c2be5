package org.mapfiles.files;

import java.util.Arrays;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.RootAccess;

/** Makes mappings whose deletion is certain from mappings whose name may end in the suffix of the kernel. */
final class ResolvedNames {
    /** In the order of {@code enum mf_deletion_state}. */
    private static final Deletion[] DELETIONS = Deletion.values();

    private static final int SUFFIX_LENGTH = " (deleted)".length();

    private ResolvedNames() {}

    /**
     * Returns a mapping without the suffix if it is deleted, or with its name as it is if not.
     *
     * @param mapping has an ambiguous name
     * @param code a value of {@code enum mf_deletion_state}
     */
    static ImmutableMapping withDeletion(ImmutableMapping mapping, int code) {
        Deletion deletion = DELETIONS[code];
        if (deletion == Deletion.UNKNOWN) {
            return mapping;
        }
        RootAccess root = RootAccess.get();
        byte[] name = root.name(mapping);
        int flags = root.flags(mapping) & ~MapRecord.SUFFIXED;
        if (deletion == Deletion.DELETED) {
            flags |= MapRecord.DELETED;
            name = Arrays.copyOf(name, name.length - SUFFIX_LENGTH);
        }
        return (ImmutableMapping) root.mapping(mapping, flags, name);
    }
}
