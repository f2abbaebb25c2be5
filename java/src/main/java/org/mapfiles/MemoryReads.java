package org.mapfiles;

import java.lang.ref.Reference;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeMemory;

/** Reads of a process' memory into an array, in parts of a bounded size. */
final class MemoryReads {
    private static final int PART = 64 * 1024;

    private MemoryReads() {
    }

    /** As {@link ProcessMaps#readMemory}, of at least one byte. */
    static int read(ProcessMaps maps, long address, byte[] to, int at, int length) throws MapsException {
        NativeMemory part = memory(maps, Math.min(length, PART));
        int done = 0;
        while (done < length) {
            int got = maps.process().readMemory(address + done, part, Math.min(length - done, part.size()));
            Reference.reachabilityFence(maps); // else the cleaner may close what this call is using
            if (got == Errno.EIO || got == 0) {
                return done > 0 ? done : -1;
            }
            if (got < 0) {
                throw maps.failure(got);
            }
            part.bytes().get(0, to, at + done, got);
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
