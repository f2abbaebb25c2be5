package org.mapfiles.resident;

import java.nio.ByteBuffer;
import org.mapfiles.internal.PageRecord;

/**
 * Sums of the numbers of smaps (proc_pid_smaps(5)), in bytes: {@link Smaps#add} adds to them. Reusable. Reading and
 * adding allocate nothing. Not thread-safe.
 */
public final class SmapsBytes {
    private long rss;
    private long pss;
    private long sharedClean;
    private long sharedDirty;
    private long privateClean;
    private long privateDirty;
    private long swap;

    /** Makes sums of 0. */
    public SmapsBytes() {
        // the fields are 0
    }

    /** Sets all sums to 0. */
    public void clear() {
        rss = 0;
        pss = 0;
        sharedClean = 0;
        sharedDirty = 0;
        privateClean = 0;
        privateDirty = 0;
        swap = 0;
    }

    /** Adds the numbers of a mapping. */
    void add(ByteBuffer from, int at) {
        rss += from.getLong(at + PageRecord.Smaps.RSS);
        pss += from.getLong(at + PageRecord.Smaps.PSS);
        sharedClean += from.getLong(at + PageRecord.Smaps.SHARED_CLEAN);
        sharedDirty += from.getLong(at + PageRecord.Smaps.SHARED_DIRTY);
        privateClean += from.getLong(at + PageRecord.Smaps.PRIVATE_CLEAN);
        privateDirty += from.getLong(at + PageRecord.Smaps.PRIVATE_DIRTY);
        swap += from.getLong(at + PageRecord.Smaps.SWAP);
    }

    /**
     * Returns the bytes in memory, without zero pages and pages of hugetlbfs.
     *
     * @return 0 or more
     */
    public long rss() {
        return rss;
    }

    /**
     * Returns the proportional size: the bytes of each page in memory, divided by the number of processes that map it.
     * The sum of all processes is the memory that they use together.
     *
     * @return 0 or more
     */
    public long pss() {
        return pss;
    }

    /**
     * Returns the bytes of pages that several processes map and that are not modified.
     *
     * @return 0 or more
     */
    public long sharedClean() {
        return sharedClean;
    }

    /**
     * Returns the bytes of pages that several processes map and that are modified.
     *
     * @return 0 or more
     */
    public long sharedDirty() {
        return sharedDirty;
    }

    /**
     * Returns the bytes of pages that only this process maps and that are not modified.
     *
     * @return 0 or more
     */
    public long privateClean() {
        return privateClean;
    }

    /**
     * Returns the bytes of pages that only this process maps and that are modified.
     *
     * @return 0 or more
     */
    public long privateDirty() {
        return privateDirty;
    }

    /**
     * Returns the bytes in swap, shared memory included.
     *
     * @return 0 or more
     */
    public long swap() {
        return swap;
    }

    @Override
    public String toString() {
        return "SmapsBytes[rss " + rss + ", pss " + pss + ", shared clean " + sharedClean + ", shared dirty "
                + sharedDirty + ", private clean " + privateClean + ", private dirty " + privateDirty + ", swap " + swap
                + "]";
    }
}
