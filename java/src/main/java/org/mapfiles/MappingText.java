package org.mapfiles;

/** Formats a mapping as a line of text, for messages and debuggers. */
final class MappingText {
    private MappingText() {}

    static String describe(Mapping mapping) {
        String name = mapping.name();
        return Long.toHexString(mapping.start()) + "-" + Long.toHexString(mapping.end()) + " " + mapping.permissions()
                + " "
                + Long.toHexString(mapping.offset()) + " " + mapping.deviceMajor() + ":" + mapping.deviceMinor() + " "
                + Long.toUnsignedString(mapping.inode()) + (name == null ? "" : " " + name);
    }
}
