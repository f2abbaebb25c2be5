package org.mapfiles;

/** How the kernel is asked. Both ways give the same records. */
public enum Backend {
    /** The text of /proc/pid/maps: every kernel; the cheaper way to get all mappings. */
    TEXT,
    /** The ioctl PROCMAP_QUERY, one system call for each mapping: Linux 6.11+; the cheaper way to get a few. */
    QUERY
}
