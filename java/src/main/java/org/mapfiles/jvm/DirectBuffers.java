package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds the memory of direct buffers of {@code ByteBuffer.allocateDirect}, in the JDK's list for freeing them. Buffers
 * that native code made (NewDirectByteBuffer) are in no list.
 */
final class DirectBuffers {
    private static final int SOME_MORE = 64;
    /** Size of the header of native memory tracking (MallocHeader), in bytes. */
    private static final int TRACKING = 16;

    private DirectBuffers() {}

    static List<RegionCandidate> candidates(VmReader vm) {
        long[] ranges = new long[2 * SOME_MORE];
        int count = JvmCalls.directBuffers(ranges);
        while (count > ranges.length / 2) { // more buffers may be allocated during the call
            ranges = new long[Math.multiplyExact(2, count + SOME_MORE)];
            count = JvmCalls.directBuffers(ranges);
        }
        List<RegionCandidate> candidates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RegionCandidate buffer = RegionCandidate.reported(
                    ranges[2 * i], ranges[2 * i] + ranges[2 * i + 1], JvmRegions.Kind.DIRECT_BUFFER, "direct buffer");
            candidates.add(buffer);
            addPiece(candidates, buffer, vm);
        }
        return candidates;
    }

    /**
     * Adds the malloc chunk of a large buffer. The headers of malloc and of native memory tracking, if that is on,
     * precede the buffer.
     */
    private static void addPiece(List<RegionCandidate> candidates, RegionCandidate buffer, VmReader vm) {
        for (int before = MallocChunk.HEAD; before <= MallocChunk.HEAD + TRACKING; before += TRACKING) {
            long start = buffer.start() - before;
            long end = start + MallocChunk.size(vm, start);
            if (Long.compareUnsigned(end, buffer.end()) >= 0) {
                candidates.add(RegionCandidate.inferred(start, end, JvmRegions.Kind.MALLOC, MallocChunk.DETAIL));
            }
        }
    }
}
