package org.mapfiles.resident;

import org.mapfiles.internal.PageRecord;

/**
 * Sums of resident pages by category, in bytes: {@link ResidentPages#add} adds to them. Reusable. Reading and adding
 * allocate nothing. Not thread-safe.
 */
public final class ResidentBytes {
    private long swapped;
    private long file;
    private long anonymous;
    private long huge;
    private long zero;

    /** Makes sums of 0. */
    public ResidentBytes() {
        // the fields are 0
    }

    /** Sets all sums to 0. */
    public void clear() {
        swapped = 0;
        file = 0;
        anonymous = 0;
        huge = 0;
        zero = 0;
    }

    void add(long bytes, long categories) {
        if ((categories & PageRecord.PRESENT) == 0) {
            swapped += bytes;
        } else if ((categories & PageRecord.ZERO) != 0) {
            zero += bytes;
        } else {
            huge += (categories & PageRecord.HUGE) != 0 ? bytes : 0;
            if ((categories & PageRecord.FILE) != 0) {
                file += bytes;
            } else {
                anonymous += bytes;
            }
        }
    }

    /**
     * Returns the bytes that are in memory, without zero pages: {@link #file()} and {@link #anonymous()}. This is what
     * smaps calls Rss, but pages of hugetlbfs are included.
     *
     * @return 0 or more
     */
    public long rss() {
        return file + anonymous;
    }

    /**
     * Returns the bytes that have a page: {@link #rss()} and {@link #zero()}.
     *
     * @return 0 or more
     */
    public long present() {
        return file + anonymous + zero;
    }

    /**
     * Returns the bytes that are in swap. Shared memory in swap is in no page table, so it is not counted.
     *
     * @return 0 or more
     */
    public long swapped() {
        return swapped;
    }

    /**
     * Returns the bytes of pages of files and of shared memory. In a private mapping of a file these are the pages that
     * the process did not write to.
     *
     * @return 0 or more
     */
    public long file() {
        return file;
    }

    /**
     * Returns the bytes of other pages. In a private mapping of a file these are the copies that the process made by
     * writing.
     *
     * @return 0 or more
     */
    public long anonymous() {
        return anonymous;
    }

    /**
     * Returns the bytes of huge pages: pages of hugetlbfs, and huge pages that are mapped as a whole. They are counted
     * in {@link #file()} or {@link #anonymous()} too.
     *
     * @return 0 or more; 0 if {@link ResidentPages#isZeroKnown()} is false
     */
    public long huge() {
        return huge;
    }

    /**
     * Returns the bytes of the kernel's zero page: memory that was read and never written to. It takes no memory.
     *
     * @return 0 or more; 0 if {@link ResidentPages#isZeroKnown()} is false
     */
    public long zero() {
        return zero;
    }

    @Override
    public String toString() {
        return "ResidentBytes[rss " + rss() + ", swapped " + swapped + ", file " + file + ", anonymous " + anonymous
                + ", huge " + huge + ", zero " + zero + "]";
    }
}
