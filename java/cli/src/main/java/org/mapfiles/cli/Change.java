package org.mapfiles.cli;

/** A change of a process' mappings, as {@code mapfiles watch} tells it. {@code mapping} and {@code was} are null where there is none. */
record Change(long nanos, Kind kind, Shown mapping, Shown was) {
    /** What has changed. */
    enum Kind { ADDED, REMOVED, CHANGED, EXEC, LOST }

    Change(long nanos, Kind kind) {
        this(nanos, kind, null, null);
    }
}
