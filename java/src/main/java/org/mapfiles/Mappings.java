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

    /** A native record of its own, with the name behind it as in an answer. The name must fit there. */
    static NativeMemory copy(Mapping mapping) {
        NativeMemory copy = new NativeMemory(Answer.SIZE);
        copy.bytes().putLong(MapRecord.START, mapping.start()).putLong(MapRecord.END, mapping.end())
                .putLong(MapRecord.INODE, mapping.inode()).putInt(MapRecord.DEV_MAJOR, mapping.deviceMajor())
                .putInt(MapRecord.DEV_MINOR, mapping.deviceMinor()).putInt(MapRecord.FLAGS, mapping.flags())
                .putInt(MapRecord.NAME_LENGTH, mapping.nameLength());
        mapping.name(copy.bytes().position(Answer.NAME));
        return copy;
    }
}
