package org.mapfiles;

import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;

/**
 * How many libraries the dynamic loader has added to and removed from this process: if neither number has moved, no library
 * has come or gone. Nothing is said of other mappings. Immutable.
 *
 * <p>Costs a fraction of a microsecond and no system call, where a snapshot of a JVM costs a hundred.
 */
public record LoaderCounts(long added, long removed) {
    /**
     * The counts now. Thread-safe.
     *
     * @throws NotSupportedException if the C library's loader does not count (dl_iterate_phdr(3))
     */
    public static LoaderCounts now() throws NotSupportedException {
        NativeMemory counts = new NativeMemory(2 * Long.BYTES);
        int rc = NativeCalls.loaderCounts(counts.address());
        counts.keepUntilHere();
        if (rc != 0) {
            throw new NotSupportedException(NotSupportedException.Missing.LOADER_COUNTS,
                    "the loader of this C library does not count");
        }
        return new LoaderCounts(counts.bytes().getLong(0), counts.bytes().getLong(Long.BYTES));
    }
}
