package org.mapfiles.jvm;

/** Ranges of addresses in order, without overlaps. */
final class Ranges {
    private Ranges() {
    }

    /** The range that an address is in, of so many starts and the addresses behind; -1: none. Allocates nothing. */
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
