package org.mapfiles.jvm;

/**
 * A range of addresses and its use, according to one source.
 *
 * @param start first address, unsigned
 * @param end exclusive
 * @param region the use
 * @param detail the name, such as that of a thread or a file; null or empty: none
 * @param isInferred whether the use is only inferred from the content or place of the memory
 */
record RegionCandidate(long start, long end, JvmRegions.Kind region, String detail, boolean isInferred) {
    RegionCandidate {
        if (Long.compareUnsigned(start, end) >= 0) {
            throw new IllegalArgumentException(
                    "the range is empty: " + Long.toHexString(start) + "-" + Long.toHexString(end));
        }
    }

    static RegionCandidate reported(long start, long end, JvmRegions.Kind region, String detail) {
        return new RegionCandidate(start, end, region, detail, false);
    }

    static RegionCandidate inferred(long start, long end, JvmRegions.Kind region, String detail) {
        return new RegionCandidate(start, end, region, detail, true);
    }

    /** Returns the same use for a part of the range. */
    RegionCandidate within(long from, long to) {
        return new RegionCandidate(from, to, region, detail, isInferred);
    }

    boolean overlaps(long from, long to) {
        return Long.compareUnsigned(start, to) < 0 && Long.compareUnsigned(from, end) < 0;
    }
}
