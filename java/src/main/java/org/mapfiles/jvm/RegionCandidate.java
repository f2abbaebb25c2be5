package org.mapfiles.jvm;

/**
 * What a source says a range of addresses is for.
 *
 * @param end exclusive
 * @param isInferred whether that follows from what memory looks like, rather than that the JVM or the kernel tells it
 */
record RegionCandidate(long start, long end, RegionKind region, String detail, boolean isInferred) {
    RegionCandidate {
        if (Long.compareUnsigned(start, end) >= 0) {
            throw new IllegalArgumentException("an empty range");
        }
    }

    static RegionCandidate reported(long start, long end, RegionKind region, String detail) {
        return new RegionCandidate(start, end, region, detail, false);
    }

    static RegionCandidate inferred(long start, long end, RegionKind region, String detail) {
        return new RegionCandidate(start, end, region, detail, true);
    }

    /** What is said of a part. */
    RegionCandidate within(long from, long to) {
        return new RegionCandidate(from, to, region, detail, isInferred);
    }

    boolean overlaps(long from, long to) {
        return Long.compareUnsigned(start, to) < 0 && Long.compareUnsigned(from, end) < 0;
    }
}
