package org.mapfiles.internal;

/** Why a line is not a line of /proc/PID/maps, as the end of a sentence that begins with the line. */
public final class MapsTextFault {
    /** Maximum length of a line that is examined, in bytes. */
    public static final int MAX_LINE = 1 << 17;

    private MapsTextFault() {}

    /** Returns the reason of a line that is in an array alone, without its newline. */
    public static String reason(byte[] line, boolean isComplete) {
        return reason(line, line.length, isComplete && isMapping(line), isComplete);
    }

    /** Returns whether the native parser accepts a line by itself. */
    private static boolean isMapping(byte[] line) {
        NativeMemory text = new NativeMemory(line.length + 1);
        text.bytes().put(0, line).put(line.length, (byte) '\n');
        SnapshotBuffer parsed = new SnapshotBuffer(1, line.length + 1);
        int rc = NativeCalls.snapshotParse(text.address(), line.length + 1, 0, parsed.memory.address());
        text.keepUntilHere();
        parsed.memory.keepUntilHere();
        return rc == 1;
    }

    /**
     * Returns the reason.
     *
     * @param isMapping whether the native parser accepts the line by itself, so that its place is wrong
     * @param isComplete whether a newline ends the line
     */
    public static String reason(byte[] line, int length, boolean isMapping, boolean isComplete) {
        if (hasNul(line, length)) {
            return "has a NUL byte, which the kernel does not write: the text is damaged there";
        }
        if (!isComplete) {
            return "has no newline at its end: the text is cut there";
        }
        if (isMapping) {
            return "begins before the end of the mapping before it";
        }
        if (length > 0 && line[length - 1] == '\r') {
            return "ends with a carriage return, which the kernel does not write";
        }
        if (isDetailOfSmaps(line, length)) {
            return "is a line of smaps, not of maps";
        }
        return "is not a line of /proc/PID/maps";
    }

    private static boolean hasNul(byte[] line, int length) {
        for (int i = 0; i < length; i++) {
            if (line[i] == 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns whether a line is one of smaps below a mapping, such as {@code Rss: 4 kB}. Lines of mappings begin in
     * lower case.
     */
    public static boolean isDetailOfSmaps(byte[] line, int length) {
        if (length == 0 || line[0] < 'A' || line[0] > 'Z') {
            return false;
        }
        int at = 1;
        while (at < length && (Character.isLetterOrDigit(line[at]) || line[at] == '_')) {
            at++;
        }
        return at < length && line[at] == ':';
    }
}
