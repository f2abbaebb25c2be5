package org.mapfiles.files;

import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeMemory;

/** A mapping as a native record, for the core. */
final class NativeMapping {
    /** What of a name the core looks at: as much as a path may have, also where the kernel's " (deleted)" follows it. */
    private static final int NAME_ROOM = QueryResult.NAME_MAX + " (deleted)".length();

    /** Bytes of a copy. */
    static final int COPY_SIZE = QueryResult.NAME + NAME_ROOM;

    private NativeMapping() {
    }

    /** Makes memory for a record. @param what it is for, named for people, such as {@code a mapping of process 42} */
    static NativeMemory allocate(int size, String what) throws NotEnoughMemoryException {
        try {
            return new NativeMemory(size);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException(what, e);
        }
    }

    /** Writes a record, with the name behind it as in an answer, as far as the core looks at that. */
    static void copy(Mapping mapping, NativeMemory to) {
        copyRecord(mapping, to);
        copyName(mapping, to);
    }

    /** The record alone, without a name. */
    static void copyRecord(Mapping mapping, NativeMemory to) {
        to.bytes().putLong(MapRecord.START, mapping.start()).putLong(MapRecord.END, mapping.end())
                .putLong(MapRecord.OFFSET, mapping.offset())
                .putLong(MapRecord.INODE, mapping.inode()).putInt(MapRecord.DEV_MAJOR, mapping.deviceMajor())
                .putInt(MapRecord.DEV_MINOR, mapping.deviceMinor()).putInt(MapRecord.FLAGS, mapping.flags())
                .putInt(MapRecord.NAME_LENGTH, 0).putInt(MapRecord.FILE_INDEX, mapping.fileIndex());
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
