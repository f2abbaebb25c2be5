package org.mapfiles.events;

/** What a {@link MapEvent} reports. */
public enum MapEventKind {
    /** A mapping is new or has other permissions. It replaces all earlier mappings in its range. */
    MAPPED,
    /**
     * The process runs another program (execve(2)); all earlier mappings are removed. The name of the event is the name of the program, cut to
     * 15 bytes.
     */
    EXECUTED,
    /** A thread has started: {@link MapEvent#tid()}. */
    THREAD_STARTED,
    /** A thread has ended: {@link MapEvent#tid()}. After the last thread the process has exited. */
    THREAD_ENDED,
    /** The process has a new child: {@link MapEvent#pid()}. Events of the child are not reported. */
    FORKED;

    private static final MapEventKind[] BY_CODE = values(); // in the order of enum mf_event_kind

    static MapEventKind of(int code) {
        return BY_CODE[code];
    }
}
