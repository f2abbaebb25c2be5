package org.mapfiles.timeline;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * A block of a timeline: all mappings at its begin, in order of address, and the changes after that. A block has all
 * changes that may have happened in its time, so no other block is needed to resolve that time.
 *
 * <p>A change happened after one time and at or before another. Both times are equal if the kernel reported the change.
 */
final class TimelineBlock {
    /** Size of a change without its mapping, in bytes: two times, a reference and a flag. */
    static final int CHANGE_BYTES = 2 * Long.BYTES + Integer.BYTES + 1;

    static final int REFERENCE_BYTES = Integer.BYTES;
    static final int ARRAY_BYTES = 16;
    private static final int FIRST_CHANGES = 16;

    final long begin;
    final ImmutableMapping[] base;
    private @Nullable ImmutableMapping[] mappings = new ImmutableMapping[FIRST_CHANGES];
    private long[] after = new long[FIRST_CHANGES];
    private long[] upTo = new long[FIRST_CHANGES];
    private boolean[] removed = new boolean[FIRST_CHANGES];
    private int count;
    private long nameBytes;
    private byte @Nullable [] lastName;

    TimelineBlock(long begin, ImmutableMapping[] base) {
        this.begin = begin;
        this.base = base;
        for (ImmutableMapping mapping : base) {
            countName(mapping);
        }
    }

    /** Adds the size of a name. Neighbours share the array of the name. */
    private void countName(ImmutableMapping mapping) {
        if (StoredMappings.name(mapping) != lastName) {
            lastName = StoredMappings.name(mapping);
            nameBytes += ARRAY_BYTES + lastName.length;
        }
    }

    int count() {
        return count;
    }

    @Nullable
    ImmutableMapping mapping(int change) {
        return mappings[change];
    }

    long after(int change) {
        return after[change];
    }

    long upTo(int change) {
        return upTo[change];
    }

    boolean isRemoved(int change) {
        return removed[change];
    }

    /** Returns the approximate size on the Java heap, in bytes. */
    long bytes() {
        return (long) base.length * (REFERENCE_BYTES + StoredMappings.HEAP_BYTES)
                + (long) mappings.length * CHANGE_BYTES
                + (long) count * StoredMappings.HEAP_BYTES
                + nameBytes;
    }

    /** Appends a change: a mapping is added or removed. A null mapping stands for the removal of all mappings. */
    void add(@Nullable ImmutableMapping mapping, boolean isRemoved, long earliest, long latest) {
        if (count == mappings.length) {
            mappings = Arrays.copyOf(mappings, 2 * count);
            after = Arrays.copyOf(after, 2 * count);
            upTo = Arrays.copyOf(upTo, 2 * count);
            removed = Arrays.copyOf(removed, 2 * count);
        }
        if (mapping != null) {
            countName(mapping);
        }
        mappings[count] = mapping;
        after[count] = earliest;
        upTo[count] = latest;
        removed[count++] = isRemoved;
    }

    /** Finds the mappings that may have covered an address at a time of this block. */
    void find(long address, long time, TimelineResult result) {
        result.begin(inBase(address));
        for (int i = 0; i < count; i++) {
            if (time > after[i] || time >= upTo[i]) {
                ImmutableMapping changed = mappings[i];
                if (changed == null || changed.contains(address)) {
                    result.change(removed[i] ? null : changed, time >= upTo[i]);
                }
            }
        }
    }

    private @Nullable ImmutableMapping inBase(long address) {
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
