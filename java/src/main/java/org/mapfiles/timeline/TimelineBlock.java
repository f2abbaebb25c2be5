package org.mapfiles.timeline;

import java.util.Arrays;
import org.mapfiles.ImmutableMapping;

/**
 * A stretch of a timeline: all mappings at its beginning, in order of address, and what changed after that. Whatever happened
 * during the stretch is among its changes, so one block answers for its time alone.
 *
 * <p>A change is known to have happened after one time and up to another; both are the same where the kernel told it.
 */
final class TimelineBlock {
    /** Bytes of a change beside its mapping: two times, a reference and a flag. */
    static final int CHANGE_BYTES = 2 * Long.BYTES + Integer.BYTES + 1;
    static final int REFERENCE_BYTES = Integer.BYTES;
    static final int ARRAY_BYTES = 16;
    private static final int FIRST_CHANGES = 16;

    final long begin;
    final ImmutableMapping[] base;
    private ImmutableMapping[] mappings = new ImmutableMapping[FIRST_CHANGES];
    private long[] after = new long[FIRST_CHANGES];
    private long[] upTo = new long[FIRST_CHANGES];
    private boolean[] gone = new boolean[FIRST_CHANGES];
    private int count;
    private long nameBytes;
    private byte[] lastName;

    TimelineBlock(long begin, ImmutableMapping[] base) {
        this.begin = begin;
        this.base = base;
        for (ImmutableMapping mapping : base) {
            countName(mapping);
        }
    }

    /** Neighbours share the name's array. */
    private void countName(ImmutableMapping mapping) {
        if (StoredMappings.name(mapping) != lastName) {
            lastName = StoredMappings.name(mapping);
            nameBytes += ARRAY_BYTES + lastName.length;
        }
    }

    int count() {
        return count;
    }

    ImmutableMapping mapping(int change) {
        return mappings[change];
    }

    long after(int change) {
        return after[change];
    }

    long upTo(int change) {
        return upTo[change];
    }

    boolean isGone(int change) {
        return gone[change];
    }

    /** Bytes on the heap, about. */
    long bytes() {
        return (long) base.length * (REFERENCE_BYTES + StoredMappings.HEAP_BYTES) + (long) mappings.length * CHANGE_BYTES
                + (long) count * StoredMappings.HEAP_BYTES + nameBytes;
    }

    /** Adds a change behind those there are: a mapping that is there from then on, or is gone. */
    void add(ImmutableMapping mapping, boolean isGone, long earliest, long latest) {
        if (count == mappings.length) {
            mappings = Arrays.copyOf(mappings, 2 * count);
            after = Arrays.copyOf(after, 2 * count);
            upTo = Arrays.copyOf(upTo, 2 * count);
            gone = Arrays.copyOf(gone, 2 * count);
        }
        if (mapping != null) {
            countName(mapping);
        }
        mappings[count] = mapping;
        after[count] = earliest;
        upTo[count] = latest;
        gone[count++] = isGone;
    }

    /** What covered an address at a time of this block: into an answer that is empty. */
    void find(long address, long time, TimelineResult answer) {
        answer.begin(inBase(address));
        for (int i = 0; i < count; i++) {
            if (time > after[i] || time >= upTo[i]) {
                ImmutableMapping changed = mappings[i];
                if (changed == null || changed.contains(address)) {
                    answer.change(gone[i] ? null : changed, time >= upTo[i]);
                }
            }
        }
    }

    private ImmutableMapping inBase(long address) {
        int low = 0;
        int high = base.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(base[middle].end(), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < base.length && base[low].contains(address) ? base[low] : null;
    }
}
