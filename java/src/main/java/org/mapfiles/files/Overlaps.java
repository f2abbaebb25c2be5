package org.mapfiles.files;

import java.util.Arrays;

/**
 * Which of many ranges overlap one of another owner: in the time of a sort, as a process may have 65,000 mappings of one file.
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
     * Says it of each range.
     *
     * @param starts unsigned, as {@code ends}, which are exclusive; no range is empty
     */
    static boolean[] withOthers(int[] owners, long[] starts, long[] ends) {
        Integer[] order = new Integer[starts.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (one, other) -> Long.compareUnsigned(starts[one], starts[other]));
        boolean[] overlap = new boolean[starts.length];
        Overlaps ranges = new Overlaps(owners, starts, ends);
        ranges.markThoseBehind(order, overlap);
        ranges.markThoseBefore(order, overlap);
        return overlap;
    }

    /** Each that begins before the end of one in front of it: of these, the one that ends last knows. */
    private void markThoseBehind(Integer[] order, boolean[] overlap) {
        int last = NONE;
        int lastOfOthers = NONE; // of another owner than the last is
        for (int range : order) {
            int before = ofOther(range, last, lastOfOthers);
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

    /** Each that ends behind the start of one that follows: of these, the next knows. */
    private void markThoseBefore(Integer[] order, boolean[] overlap) {
        int next = NONE;
        int nextOfOthers = NONE; // of another owner than the next is
        for (int i = order.length - 1; i >= 0; i--) {
            int range = order[i];
            int behind = ofOther(range, next, nextOfOthers);
            overlap[range] |= behind != NONE && Long.compareUnsigned(starts[behind], ends[range]) < 0;
            nextOfOthers = behind;
            next = range;
        }
    }

    private int ofOther(int range, int one, int ofAnotherOwner) {
        return one == NONE || owners[one] != owners[range] ? one : ofAnotherOwner;
    }
}
