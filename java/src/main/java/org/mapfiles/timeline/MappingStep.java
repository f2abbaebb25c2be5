package org.mapfiles.timeline;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * One step of {@link TrackedMappings}: new mappings replace tracked ones. Before and after the step, tracked mappings
 * do not overlap. Immutable.
 */
final class MappingStep {
    /** The source of a step. */
    enum Source {
        /**
         * The kernel reported one new mapping. The replaced mappings may have been unmapped before, which is not
         * reported.
         */
        EVENT,
        /** The kernel reported an execve(2). */
        EXEC,
        /** A poll read mappings that differ from the tracked ones. */
        POLL
    }

    /** No mapping is replaced. */
    static final MappingStep NONE = new MappingStep(Source.POLL, List.of(), List.of(), null, 0, 0, 0);

    private final Source source;
    private final List<TrackedMappings.Tracked> before;
    private final List<ImmutableMapping> now;
    private final @Nullable ImmutableMapping reported;
    private final int total;
    private final long floor;
    private final long time;

    private MappingStep(
            Source source,
            List<TrackedMappings.Tracked> before,
            List<ImmutableMapping> now,
            @Nullable ImmutableMapping reported,
            int total,
            long floor,
            long time) {
        this.source = source;
        this.before = before;
        this.now = now;
        this.reported = reported;
        this.total = total;
        this.floor = floor;
        this.time = time;
    }

    /**
     * @param reported the mapping of the event, which is in {@code now}; the others are the rests of the replaced
     *     mappings
     */
    static MappingStep ofEvent(
            List<TrackedMappings.Tracked> before,
            List<ImmutableMapping> now,
            ImmutableMapping reported,
            long floor,
            long time) {
        return new MappingStep(Source.EVENT, before, now, reported, 0, floor, time);
    }

    static MappingStep ofExec(List<TrackedMappings.Tracked> before, long floor, long time) {
        return new MappingStep(Source.EXEC, before, List.of(), null, 0, floor, time);
    }

    /** @param total number of tracked mappings before the step */
    static MappingStep ofPoll(
            List<TrackedMappings.Tracked> before, List<ImmutableMapping> now, int total, long floor, long time) {
        return new MappingStep(Source.POLL, before, now, null, total, floor, time);
    }

    boolean isEmpty() {
        return before.isEmpty() && now.isEmpty();
    }

    Source source() {
        return source;
    }

    /** Returns the replaced mappings, in order of address. */
    List<TrackedMappings.Tracked> before() {
        return before;
    }

    /** Returns the mappings that replace them, in order of address. */
    List<ImmutableMapping> now() {
        return now;
    }

    /**
     * Returns the mapping of the event, which exists from {@link #time} on for certain; null if the source is no event.
     */
    @Nullable
    ImmutableMapping reported() {
        return reported;
    }

    /** Returns the time of the event, or a time after the poll: the step happened at or before it. */
    long time() {
        return time;
    }

    /** Returns the last time before the step at which a replaced mapping existed for certain. */
    long lastSeen(TrackedMappings.Tracked mapping) {
        return Math.max(floor, mapping.since);
    }

    long lastSeen(ImmutableMapping mapping) {
        return lastSeen(before.get(firstEndingAbove(mapping.start())));
    }

    /** Returns the last time before the step at which a new mapping did not exist for certain. */
    long lastAbsent(ImmutableMapping mapping) {
        long since = Long.MAX_VALUE;
        long covered = mapping.start();
        for (int i = firstEndingAbove(mapping.start()); Long.compareUnsigned(covered, mapping.end()) < 0; i++) {
            if (i == before.size() || Long.compareUnsigned(before.get(i).mapping.start(), covered) > 0) {
                return floor; // for a hole only the last poll counts
            }
            covered = before.get(i).mapping.end();
            since = Math.min(since, before.get(i).since);
        }
        return Math.max(floor, since);
    }

    private int firstEndingAbove(long address) {
        int low = 0;
        int high = before.size();
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(before.get(middle).mapping.end(), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Returns whether a poll found none of the tracked mappings except [vsyscall]: then the process called execve(2).
     */
    boolean isOfAnotherProgram() {
        return source == Source.POLL && !before.isEmpty() && before.size() >= total - 1;
    }
}
