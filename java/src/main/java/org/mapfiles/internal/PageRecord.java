package org.mapfiles.internal;

/**
 * Layout of the memory that the native core writes about pages: {@code struct mf_page_range}, {@code mf_resident_walk}
 * and {@code mf_smaps} of mapfiles_resident.h. Offsets are in bytes; all numbers are in native byte order.
 */
public final class PageRecord {
    /** Bits of {@code enum mf_page_category}. */
    public static final int FILE = 1 << 2;

    public static final int PRESENT = 1 << 3;
    public static final int SWAPPED = 1 << 4;
    public static final int ZERO = 1 << 5;
    public static final int HUGE = 1 << 6;

    private PageRecord() {}

    /** {@code struct mf_page_range}. */
    public static final class Range {
        public static final int START = 0;
        public static final int END = START + Long.BYTES;
        public static final int CATEGORIES = END + Long.BYTES;
        public static final int SIZE = CATEGORIES + Long.BYTES;

        private Range() {}
    }

    /** {@code struct mf_resident_walk}. */
    public static final class Walk {
        public static final int NEXT = 0;
        public static final int END = NEXT + Long.BYTES;
        public static final int KNOWN = END + Long.BYTES;
        public static final int UNNEEDED = KNOWN + Integer.BYTES;
        public static final int SIZE = UNNEEDED + Integer.BYTES;

        private Walk() {}
    }

    /** {@code struct mf_smaps}. */
    public static final class Smaps {
        public static final int START = 0;
        public static final int END = START + Long.BYTES;
        public static final int RSS = END + Long.BYTES;
        public static final int PSS = RSS + Long.BYTES;
        public static final int SHARED_CLEAN = PSS + Long.BYTES;
        public static final int SHARED_DIRTY = SHARED_CLEAN + Long.BYTES;
        public static final int PRIVATE_CLEAN = SHARED_DIRTY + Long.BYTES;
        public static final int PRIVATE_DIRTY = PRIVATE_CLEAN + Long.BYTES;
        public static final int SWAP = PRIVATE_DIRTY + Long.BYTES;
        public static final int SIZE = SWAP + Long.BYTES;

        private Smaps() {}
    }
}
