package org.mapfiles.timeline;

import java.util.List;
import org.mapfiles.ImmutableMapping;

/**
 * One step of {@link TrackedMappings}: some mappings that were known take the place of others. Before and after it no two known
 * mappings overlap. Immutable.
 */
final class MappingStep {
    /** What a step was learnt from. */
    enum Source {
        /** The kernel reported one new mapping. What it replaced may have been unmapped before, which is not reported. */
        EVENT,
        /** The kernel reported an execve(2). */
        EXEC,
        /** A poll read something else than was known. */
        POLL
    }

    /** No mapping is replaced. */
    static final MappingStep NONE = new MappingStep(Source.POLL, List.of(), List.of(), null, 0, 0, 0);

    private final Source source;
    private final List<TrackedMappings.Known> before;
    private final List<ImmutableMapping> now;
    private final ImmutableMapping reported;
    private final int total;
    private final long floor;
    private final long time;

    private MappingStep(Source source, List<TrackedMappings.Known> before, List<ImmutableMapping> now, ImmutableMapping reported, int total,
            long floor, long time) {
        this.source = source;
        this.before = before;
        this.now = now;
        this.reported = reported;
        this.total = total;
        this.floor = floor;
        this.time = time;
    }

    /** @param reported the one of {@code now} that the event is about; the others are what is left of those before */
    static MappingStep ofEvent(List<TrackedMappings.Known> before, List<ImmutableMapping> now, ImmutableMapping reported, long floor, long time) {
        return new MappingStep(Source.EVENT, before, now, reported, 0, floor, time);
    }

    static MappingStep ofExec(List<TrackedMappings.Known> before, long floor, long time) {
        return new MappingStep(Source.EXEC, before, List.of(), null, 0, floor, time);
    }

    /** @param total number of mappings that were known before the step */
    static MappingStep ofPoll(List<TrackedMappings.Known> before, List<ImmutableMapping> now, int total, long floor, long time) {
        return new MappingStep(Source.POLL, before, now, null, total, floor, time);
    }

    boolean isEmpty() {
        return before.isEmpty() && now.isEmpty();
    }

    Source source() {
        return source;
    }

    /** The mappings that are known no longer, in order of address. */
    List<TrackedMappings.Known> before() {
        return before;
    }

    /** The mappings that take their place, in order of address. */
    List<ImmutableMapping> now() {
        return now;
    }

    /** The mapping of the event, which is certainly there from {@link #time} on; null if the step is not of one. */
    ImmutableMapping reported() {
        return reported;
    }

    /** The time of the event; or a time at which the poll was over, so that the step had happened. */
    long time() {
        return time;
    }

    /** The last time before the step at which one of the mappings before was certainly there. */
    long lastSeen(TrackedMappings.Known one) {
        return Math.max(floor, one.since);
    }

    long lastSeen(ImmutableMapping one) {
        return lastSeen(before.get(firstEndingAbove(one.start())));
    }

    /** The last time before the step at which a new mapping was certainly not there. */
    long lastAbsent(ImmutableMapping one) {
        long since = Long.MAX_VALUE;
        long covered = one.start();
        for (int i = firstEndingAbove(one.start()); Long.compareUnsigned(covered, one.end()) < 0; i++) {
            if (i == before.size() || Long.compareUnsigned(before.get(i).mapping.start(), covered) > 0) {
                return floor; // nothing is known of a hole
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

    /** Whether all mappings that were known have gone in a poll, but [vsyscall]: then another program runs (execve(2)). */
    boolean isOfAnotherProgram() {
        return source == Source.POLL && !before.isEmpty() && before.size() >= total - 1;
    }
}
