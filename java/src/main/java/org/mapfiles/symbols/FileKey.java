package org.mapfiles.symbols;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Identity of the content of a file: device, inode, size, and the times of the last changes of content and status. A
 * file that is written has another key.
 */
final class FileKey {
    static final int FIELDS = 5;
    private static final int DEVICE = 0;
    private static final int INODE = 1;
    private static final int SIZE = 2;
    private static final int MTIME = 3;

    private final long[] fields = new long[FIELDS];

    FileKey(ByteBuffer from) {
        for (int i = 0; i < FIELDS; i++) {
            fields[i] = from.getLong(i * Long.BYTES);
        }
    }

    /** Returns whether device and inode are those of another key. */
    boolean isSameFile(FileKey other) {
        return fields[DEVICE] == other.fields[DEVICE] && fields[INODE] == other.fields[INODE];
    }

    /** Returns whether size and time of the last change of content are those of another key of the same file. */
    boolean hasContentOf(@Nullable FileKey other) {
        return other != null && fields[SIZE] == other.fields[SIZE] && fields[MTIME] == other.fields[MTIME];
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileKey && Arrays.equals(fields, ((FileKey) other).fields);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(fields);
    }
}
