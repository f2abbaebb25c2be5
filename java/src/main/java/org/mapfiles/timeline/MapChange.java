package org.mapfiles.timeline;

import java.util.Objects;
import org.mapfiles.ImmutableMapping;

/**
 * One change of the mappings of a process: a step of a replay, see {@link MapChanges}. Immutable.
 *
 * @param kind what has changed
 * @param mapping the mapping that was added or removed, or the one that a changed mapping has become; null if the kind is
 *     {@link Kind#EXEC} or {@link Kind#LOST}
 * @param previous what a changed mapping was; null unless the kind is {@link Kind#CHANGED}
 * @param isContinued whether the memory of an added mapping was part of another mapping, which was split; or whether the memory of a
 *     removed mapping is part of another one from now on, into which it was merged
 * @param after nanoseconds as of {@link System#nanoTime}: the change happened later
 * @param time nanoseconds as of {@link System#nanoTime}: the change had happened
 * @param isExact whether the kernel reported that this happened at {@code time}: so of a mapping that is there from then on, and of an
 *     execve(2). No removal is exact, since the kernel does not report munmap(2): it happened between {@code after} and
 *     {@code time}.
 */
public record MapChange(Kind kind, ImmutableMapping mapping, ImmutableMapping previous, boolean isContinued, long after, long time,
        boolean isExact) {
    /** What has changed. */
    public enum Kind {
        /** A mapping is there that was not. No mapping overlaps it then. */
        ADDED,
        /** A mapping is there no more. */
        REMOVED,
        /** A mapping has another range, other permissions or another name; or a poll has read a number that the kernel's event lacked. */
        CHANGED,
        /** The process runs another program (execve(2)). Each mapping of the program before is reported as removed, behind this. */
        EXEC,
        /** Events were lost. The changes that are reported up to the next poll may lack some; the next poll finds what they led to. */
        LOST
    }

    /**
     * Makes a change.
     *
     * @throws NullPointerException if {@code kind} is null
     */
    public MapChange {
        Objects.requireNonNull(kind, "kind");
    }

    static MapChange added(ImmutableMapping mapping, boolean isContinued, long after, long time, boolean isExact) {
        return new MapChange(Kind.ADDED, mapping, null, isContinued, after, time, isExact);
    }

    static MapChange removed(ImmutableMapping mapping, boolean isContinued, long after, long time) {
        return new MapChange(Kind.REMOVED, mapping, null, isContinued, after, time, false);
    }

    static MapChange changed(ImmutableMapping previous, ImmutableMapping mapping, long after, long time, boolean isExact) {
        return new MapChange(Kind.CHANGED, mapping, previous, false, after, time, isExact);
    }

    static MapChange of(Kind kind, long after, long time, boolean isExact) {
        return new MapChange(kind, null, null, false, after, time, isExact);
    }
}
