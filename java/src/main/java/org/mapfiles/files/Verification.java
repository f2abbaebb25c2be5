package org.mapfiles.files;

/** How an opened file is known to be the one that is mapped. The order is that of the native core. */
public enum Verification {
    /** By nothing: it stands at the path, and nothing contradicts. Given to {@link MapFiles#openUnverified} alone. */
    NOT_VERIFIED,
    /** Opened through map_files, on a file system where that is the mapped file. */
    EXACT,
    /** Opened by path: device and inode are those of the mapping, on a file system where that is proof. */
    SAME_INODE,
    /** The build ID of the mapped image is the file's. */
    SAME_BUILD_ID,
    /**
     * Each page of the mapping that the process has not changed has the file's bytes, and not all of these are zero. Says nothing of
     * other parts of the file.
     */
    SAME_BYTES;

    private static final Verification[] BY_CODE = values();

    static Verification ofCode(int code) {
        return BY_CODE[code];
    }
}
