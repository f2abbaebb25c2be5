package org.mapfiles.events;

/** What a {@link MapEvent} tells. */
public enum MapEventKind {
    /** A mapping is there, newly or with other permissions; what was in its range before is not. */
    MAPPED,
    /** The process runs another program (execve(2)): all mappings before are gone. The event's name is the program's, cut. */
    EXECUTED,
    /** The process has a new thread: {@link MapEvent#tid()}. */
    THREAD_STARTED,
    /** A thread has ended: {@link MapEvent#tid()}. With the last one the process has. */
    THREAD_ENDED,
    /** The process has a new child process, which is not watched: {@link MapEvent#pid()}. */
    FORKED;

    private static final MapEventKind[] BY_CODE = values(); // in the order of enum mf_event_kind

    static MapEventKind of(int code) {
        return BY_CODE[code];
    }
}
