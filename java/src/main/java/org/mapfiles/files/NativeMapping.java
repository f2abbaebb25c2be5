package org.mapfiles.files;

import org.mapfiles.Mapping;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RootAccess;

/** Copies a mapping to native memory, as {@code struct mf_mapping} with its name. */
final class NativeMapping {
    /** Maximum length of a name that the native core reads, in bytes: a path and the kernel's " (deleted)". */
    private static final int NAME_ROOM = QueryResult.NAME_MAX + " (deleted)".length();

    /** Size of a copy with its name, in bytes. */
    static final int COPY_SIZE = QueryResult.NAME + NAME_ROOM;

    private NativeMapping() {}

    /** Copies a mapping and its name, at most {@link #NAME_ROOM} bytes of it, in the layout of {@link QueryResult}. */
    static void copy(Mapping mapping, NativeMemory to) {
        RootAccess.get().copy(mapping, to);
        copyName(mapping, to);
    }

    private static void copyName(Mapping mapping, NativeMemory to) {
        int length = Math.max(0, mapping.nameLength());
        to.bytes().putInt(MapRecord.NAME_LENGTH, length);
        if (length <= NAME_ROOM) {
            mapping.name(to.bytes().position(QueryResult.NAME));
        } else {
            byte[] whole = new byte[length];
            mapping.name(whole, 0);
            to.bytes().put(QueryResult.NAME, whole, 0, NAME_ROOM);
        }
    }
}
