package org.mapfiles;

/** What was asked for does not exist here: a kernel thread's mappings, PROCMAP_QUERY before Linux 6.11, no /proc. */
public final class NotSupportedException extends MapsException {
    private static final long serialVersionUID = 1;

    NotSupportedException(String message) {
        super(message);
    }
}
