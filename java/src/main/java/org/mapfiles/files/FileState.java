package org.mapfiles.files;

/** State of a mapped file and of the path that it was mapped under. Constants have the order of {@code enum mf_file_state}. */
public enum FileState {
    /** The path leads to the file. On overlayfs: the build ID and up to 16 pages in memory are equal. */
    PRESENT,
    /** No path leads to the file; or it never had one (memfd, System V segment, shared anonymous memory). */
    DELETED,
    /** Another file is at the path. */
    REPLACED,
    /** Nothing is at the path; other paths lead to the file. */
    UNLINKED,
    /**
     * Nothing is at the path. Whether other paths lead to the file is unknown: the permission to follow entries is missing, or the
     * file system is overlayfs.
     */
    PATH_REMOVED,
    /** Unknown: device and inode do not identify a file on this file system, or access to the path is denied. */
    UNKNOWN,
    /**
     * On overlayfs the path leads to a copy of the file, made when a process opened it for writing. The mapping keeps the bytes of the
     * lower layer, to which no path leads any more.
     */
    COPIED;

    private static final FileState[] BY_CODE = values();

    static FileState ofCode(int code) {
        return BY_CODE[code];
    }
}
