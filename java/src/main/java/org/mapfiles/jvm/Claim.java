package org.mapfiles.jvm;

/**
 * What a source says a range of addresses is for.
 *
 * @param end exclusive
 * @param isInferred whether that follows from what memory looks like, rather than that the JVM or the kernel tells it
 */
record Claim(long start, long end, Region region, String detail, boolean isInferred) {
    Claim {
        if (Long.compareUnsigned(start, end) >= 0) {
            throw new IllegalArgumentException("an empty range");
        }
    }

    static Claim told(long start, long end, Region region, String detail) {
        return new Claim(start, end, region, detail, false);
    }

    static Claim inferred(long start, long end, Region region, String detail) {
        return new Claim(start, end, region, detail, true);
    }

    /** What is said of a part. */
    Claim within(long from, long to) {
        return new Claim(from, to, region, detail, isInferred);
    }

    boolean overlaps(long from, long to) {
        return Long.compareUnsigned(start, to) < 0 && Long.compareUnsigned(from, end) < 0;
    }
}
