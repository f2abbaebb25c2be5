package org.mapfiles.jvm;

/** Searches ordered ranges of addresses without overlaps. */
final class Ranges {
    private Ranges() {}

    /** Returns the index of the range that has an address; -1: none. Ends are exclusive. Allocates nothing. */
    static int find(long[] starts, long[] ends, long address) {
        int low = 0;
        int high = starts.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(ends[middle], address) <= 0) {
                low = middle + 1;
            } else if (Long.compareUnsigned(starts[middle], address) > 0) {
                high = middle - 1;
            } else {
                return middle;
            }
        }
        return -1;
    }
}
