package org.mapfiles.internal;

/**
 * Elements of the array that {@link NativeCalls#fileIdentity} sets. Without the owner, they identify the content of a
 * file: a file that is written has others.
 */
public final class FileIdentity {
    /** Major number of the device in the upper 32 bits, minor number in the lower ones. */
    public static final int DEVICE = 0;

    public static final int INODE = 1;
    public static final int SIZE = 2;
    /** Nanoseconds since 1970. A program can set this time. */
    public static final int MODIFIED = 3;
    /** Nanoseconds since 1970. No program can set this time (inode(7)). */
    public static final int STATUS_CHANGED = 4;

    /** User ID. */
    public static final int OWNER = 5;

    public static final int LENGTH = 6;

    private FileIdentity() {}
}
