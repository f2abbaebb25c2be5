package org.mapfiles;

import org.mapfiles.MapRecord.Answer;

/** A mapping as a line to read, for messages and debuggers. */
final class Mappings {
    private Mappings() {
    }

    static String describe(Mapping mapping) {
        String name = mapping.name();
        return Long.toHexString(mapping.start()) + "-" + Long.toHexString(mapping.end()) + " " + mapping.permissions() + " "
                + Long.toHexString(mapping.offset()) + " " + mapping.deviceMajor() + ":" + mapping.deviceMinor() + " "
                + Long.toUnsignedString(mapping.inode()) + (name == null ? "" : " " + name);
    }

    /** A native record of its own, with the name behind it as in an answer. A name that does not fit is not copied. */
    static NativeMemory copy(Mapping mapping) {
        NativeMemory copy = new NativeMemory(Answer.SIZE);
        copy(mapping, copy);
        return copy;
    }

    /** The same, to memory of an answer's size. Of a name that is longer than the kernel's own interfaces have, its length. */
    static void copy(Mapping mapping, NativeMemory to) {
        int length = mapping.nameLength();
        to.bytes().putLong(MapRecord.START, mapping.start()).putLong(MapRecord.END, mapping.end())
                .putLong(MapRecord.OFFSET, mapping.offset())
                .putLong(MapRecord.INODE, mapping.inode()).putInt(MapRecord.DEV_MAJOR, mapping.deviceMajor())
                .putInt(MapRecord.DEV_MINOR, mapping.deviceMinor()).putInt(MapRecord.FLAGS, mapping.flags())
                .putInt(MapRecord.NAME_LENGTH, length).putInt(MapRecord.FILE_INDEX, mapping.fileIndex());
        if (length <= Answer.NAME_MAX) {
            mapping.name(to.bytes().position(Answer.NAME));
        }
    }
}
