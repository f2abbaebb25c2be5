package org.mapfiles.files;

import java.util.Arrays;

/**
 * Finds the ranges that overlap a range of another owner. The cost is that of a sort: a process may have 65,000
 * mappings of one file.
 */
final class Overlaps {
    private static final int NONE = -1;

    private final int[] owners;
    private final long[] starts;
    private final long[] ends;

    private Overlaps(int[] owners, long[] starts, long[] ends) {
        this.owners = owners;
        this.starts = starts;
        this.ends = ends;
    }

    /**
     * Returns for each range whether it overlaps a range of another owner.
     *
     * @param starts unsigned, as {@code ends}, which are exclusive; no range is empty
     */
    static boolean[] withOthers(int[] owners, long[] starts, long[] ends) {
        Integer[] order = new Integer[starts.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (left, right) -> Long.compareUnsigned(starts[left], starts[right]));
        boolean[] overlap = new boolean[starts.length];
        Overlaps ranges = new Overlaps(owners, starts, ends);
        ranges.markOverlapsWithEarlier(order, overlap);
        ranges.markOverlapsWithLater(order, overlap);
        return overlap;
    }

    /**
     * Marks each range that starts before the end of an earlier range. It is enough to compare the earlier range that
     * ends last.
     */
    private void markOverlapsWithEarlier(Integer[] order, boolean[] overlap) {
        int last = NONE; // the earlier range that ends last
        int lastOfOthers = NONE; // the one that ends last among those of other owners than that of last
        for (int range : order) {
            int before = ofOtherOwner(range, last, lastOfOthers);
            overlap[range] = before != NONE && Long.compareUnsigned(starts[range], ends[before]) < 0;
            if (last == NONE || Long.compareUnsigned(ends[range], ends[last]) > 0) {
                lastOfOthers = before;
                last = range;
            } else if (owners[range] != owners[last]
                    && (lastOfOthers == NONE || Long.compareUnsigned(ends[range], ends[lastOfOthers]) > 0)) {
                lastOfOthers = range;
            }
        }
    }

    /** Marks each range that ends after the start of a later range. It is enough to compare the next range. */
    private void markOverlapsWithLater(Integer[] order, boolean[] overlap) {
        int next = NONE;
        int nextOfOthers = NONE; // the next one among those of other owners than that of next
        for (int i = order.length - 1; i >= 0; i--) {
            int range = order[i];
            int after = ofOtherOwner(range, next, nextOfOthers);
            overlap[range] |= after != NONE && Long.compareUnsigned(starts[after], ends[range]) < 0;
            nextOfOthers = after;
            next = range;
        }
    }

    private int ofOtherOwner(int range, int candidate, int ofOthers) {
        return candidate == NONE || owners[candidate] != owners[range] ? candidate : ofOthers;
    }
}
