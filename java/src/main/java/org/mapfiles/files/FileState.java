package org.mapfiles.files;

/** What became of a mapped file and of the name it was mapped under. The order is that of the native core. */
public enum FileState {
    /** Its path leads to it. On overlayfs: no difference was found in the build ID and up to 16 pages that are in memory. */
    PRESENT,
    /** No path leads to it, and nothing is seen at its own; or none ever did (memfd, System V, shared anonymous memory). */
    DELETED,
    /** Another file stands at its path. */
    REPLACED,
    /** Nothing stands at its path; other paths lead to it. */
    UNLINKED,
    /** Nothing stands at its path; whether others lead to it is not known: without the right to follow entries, or on overlayfs. */
    PATH_REMOVED,
    /** Device and inode do not tell on this file system, or the path may not be looked at. */
    UNKNOWN,
    /**
     * On overlayfs its path leads to another copy of it, made when somebody opened the file for writing. The mapping keeps the old
     * bytes, and no path leads to these any more.
     */
    COPIED;

    private static final FileState[] BY_CODE = values();

    static FileState ofCode(int code) {
        return BY_CODE[code];
    }
}
