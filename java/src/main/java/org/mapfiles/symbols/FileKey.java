package org.mapfiles.symbols;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Identity of the content of a file: device, inode, size, and the times of the last changes of content and status. A
 * file that is written has another key.
 */
final class FileKey {
    private static final int DEVICE = 0;
    private static final int INODE = 1;
    private static final int SIZE = 2;
    private static final int MTIME = 3;

    /** As {@code NativeCalls.fileIdentity} sets them. */
    final long[] fields = new long[5];

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
