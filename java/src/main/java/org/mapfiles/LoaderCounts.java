package org.mapfiles;

import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;

/**
 * How many libraries the dynamic loader has added to and removed from this process (dl_iterate_phdr(3)). If both numbers are the same
 * as before, no library was loaded or unloaded. Other mappings may have changed. Immutable.
 *
 * <p>Reading the counts takes a fraction of a microsecond and no system call. A snapshot of a JVM takes a hundred microseconds.
 *
 * @param added number of libraries that were added since the process started
 * @param removed number of libraries that were removed since the process started
 */
public record LoaderCounts(long added, long removed) {
    /**
     * Returns the counts now. Thread-safe. Allocates.
     *
     * @return the counts
     * @throws NotSupportedException if the C library's loader does not count (dl_iterate_phdr(3))
     */
    public static LoaderCounts now() throws NotSupportedException {
        NativeMemory counts = new NativeMemory(2 * Long.BYTES);
        int rc = NativeCalls.loaderCounts(counts.address());
        counts.keepUntilHere();
        if (rc != 0) {
            throw new NotSupportedException(NotSupportedException.Missing.LOADER_COUNTS,
                    "the dynamic loader of this C library does not count libraries: refresh a snapshot instead");
        }
        return new LoaderCounts(counts.bytes().getLong(0), counts.bytes().getLong(Long.BYTES));
    }
}
