package org.mapfiles.files;

/** How an opened file was verified to be the mapped file. Constants have the order of {@code enum mf_verification}. */
public enum Verification {
    /** The file is at the path of the mapping, and nothing contradicts that it is the mapped file. */
    NOT_VERIFIED,
    /** The file was opened through map_files, on a file system where the entry leads to the mapped file. */
    EXACT,
    /** Device and inode are those of the mapping, on a file system where they identify a file. */
    SAME_INODE,
    /** The build ID of the file is that of the mapped image. */
    SAME_BUILD_ID,
    /**
     * Each page of the mapping that the process has not modified has the bytes of the file, and they are not all zero. Parts of the
     * file that are not mapped were not compared.
     */
    SAME_BYTES;

    private static final Verification[] BY_CODE = values();

    static Verification ofCode(int code) {
        return BY_CODE[code];
    }
}
