package org.mapfiles.timeline;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * One change of the mappings of a process, for a replay: see {@link MapChanges}. Immutable and thread-safe.
 *
 * @param kind what has changed
 * @param mapping the added or removed mapping, or a changed mapping after the change; null if the kind is
 *     {@link Kind#EXEC} or {@link Kind#LOST}
 * @param previous a changed mapping before the change; null unless the kind is {@link Kind#CHANGED}
 * @param isContinued for an added mapping, whether it was split from another mapping; for a removed mapping, whether it
 *     was merged into another mapping
 * @param after nanoseconds as {@link System#nanoTime}: the change happened after this
 * @param time nanoseconds as {@link System#nanoTime}: the change happened at or before this
 * @param isExact whether the kernel reported that the change happened at {@code time}: true for reported mappings and
 *     for execve(2). No removal is exact, because the kernel does not report munmap(2)
 */
public record MapChange(
        Kind kind,
        @Nullable ImmutableMapping mapping,
        @Nullable ImmutableMapping previous,
        boolean isContinued,
        long after,
        long time,
        boolean isExact) {
    /** What has changed. */
    public enum Kind {
        /** A mapping is new. No other mapping overlaps it. */
        ADDED,
        /** A mapping does not exist any more. */
        REMOVED,
        /**
         * A mapping has another range, other permissions or another name; or a poll has read a number that the event
         * lacked.
         */
        CHANGED,
        /** The process runs another program (execve(2)). The removal of each mapping of the program before follows. */
        EXEC,
        /** Events were lost. Changes until the next poll may be missing; the next poll finds their result. */
        LOST
    }

    /**
     * Makes a change.
     *
     * @param kind what has changed; not null
     * @param mapping the added or removed mapping, or a changed mapping after the change
     * @param previous a changed mapping before the change
     * @param isContinued whether the mapping was split from another one, or merged into another one
     * @param after nanoseconds: the change happened after this
     * @param time nanoseconds: the change happened at or before this
     * @param isExact whether the kernel reported that the change happened at {@code time}
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

    static MapChange changed(
            ImmutableMapping previous, ImmutableMapping mapping, long after, long time, boolean isExact) {
        return new MapChange(Kind.CHANGED, mapping, previous, false, after, time, isExact);
    }

    static MapChange of(Kind kind, long after, long time, boolean isExact) {
        return new MapChange(kind, null, null, false, after, time, isExact);
    }
}
