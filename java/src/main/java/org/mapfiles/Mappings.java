package org.mapfiles;

import org.mapfiles.MapRecord.Answer;

/** A mapping as a line to read, for messages and debuggers; and as a native record, for the core. */
final class Mappings {
    /** What of a name the core looks at: as much as a path may have, also where the kernel's " (deleted)" follows it. */
    private static final int NAME_ROOM = Answer.NAME_MAX + " (deleted)".length();

    /** Bytes of a copy. */
    static final int COPY_SIZE = Answer.NAME + NAME_ROOM;

    private Mappings() {
    }

    static String describe(Mapping mapping) {
        String name = mapping.name();
        return Long.toHexString(mapping.start()) + "-" + Long.toHexString(mapping.end()) + " " + mapping.permissions() + " "
                + Long.toHexString(mapping.offset()) + " " + mapping.deviceMajor() + ":" + mapping.deviceMinor() + " "
                + Long.toUnsignedString(mapping.inode()) + (name == null ? "" : " " + name);
    }

    /** Whether two mappings have the same device and inode. */
    static boolean haveSameNumbers(Mapping one, Mapping other) {
        return one.inode() == other.inode() && one.deviceMajor() == other.deviceMajor() && one.deviceMinor() == other.deviceMinor();
    }

    /**
     * Whether two mappings may be of one file, or both of none. An event may lack the file's numbers, and on overlayfs the kernel reports
     * others in an event than in the list of mappings: then the name decides.
     */
    static boolean mayBeOfOneFile(Mapping one, Mapping other) {
        return haveSameNumbers(one, other) || ((isReported(one) || isReported(other)) && haveSameName(one, other));
    }

    private static boolean isReported(Mapping mapping) {
        return mapping instanceof PastMapping && ((PastMapping) mapping).isTold();
    }

    /** Whether two mappings have the same name, or both have none. */
    static boolean haveSameName(Mapping one, Mapping other) {
        if (one instanceof PastMapping) {
            return other.nameEquals(((PastMapping) one).rawName());
        }
        if (other instanceof PastMapping) {
            return one.nameEquals(((PastMapping) other).rawName());
        }
        return ((MapCursor) one).isNameOf((MapCursor) other);
    }

    /** Writes a native record to memory of {@link #COPY_SIZE}, with the name after it as in an answer, as far as the core reads that. */
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
        int length = mapping.nameLength();
        to.bytes().putInt(MapRecord.NAME_LENGTH, length);
        if (length <= NAME_ROOM) {
            mapping.name(to.bytes().position(Answer.NAME));
        } else {
            byte[] whole = new byte[length];
            mapping.name(whole, 0);
            to.bytes().put(Answer.NAME, whole, 0, NAME_ROOM);
        }
    }
}
