package org.mapfiles;

/** How mappings are read from the kernel. Both backends return the same mappings. */
public enum Backend {
    /** The text of /proc/PID/maps: every kernel. The cheaper backend for all mappings. */
    TEXT,
    /** The ioctl PROCMAP_QUERY, one system call for each mapping: Linux 6.11+. The cheaper backend for a few mappings. */
    QUERY
}
