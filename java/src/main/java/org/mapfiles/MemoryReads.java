package org.mapfiles;

import java.lang.ref.Reference;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeMemory;

/** Reads memory of a process into an array, in chunks of a bounded size. */
final class MemoryReads {
    private static final int CHUNK = 64 * 1024;

    private MemoryReads() {}

    /** Reads memory as {@link ProcessMaps#readMemory}. */
    static int read(ProcessMaps maps, long address, byte[] to, int at, int length) throws MapsException {
        if (length == 0) {
            maps.process().enter(); // throws if it is closed
            maps.process().leave();
            return 0;
        }
        NativeMemory chunk = memory(maps, Math.min(length, CHUNK));
        int done = 0;
        while (done < length) {
            int got = maps.process().readMemory(address + done, chunk, Math.min(length - done, chunk.size()));
            Reference.reachabilityFence(maps); // otherwise the cleaner may close the descriptors during the call
            if (got == Errno.EIO || got == 0) {
                return done > 0 ? done : -1;
            }
            if (got < 0) {
                throw maps.failure(got);
            }
            chunk.bytes().get(0, to, at + done, got);
            done += got;
        }
        return done;
    }

    private static NativeMemory memory(ProcessMaps maps, int bytes) throws NotEnoughMemoryException {
        try {
            return new NativeMemory(bytes);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("memory of process " + maps.pid(), e);
        }
    }
}
