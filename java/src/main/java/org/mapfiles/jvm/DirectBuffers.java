package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/**
 * Memory of direct buffers: of {@code ByteBuffer.allocateDirect}. Where the JDK has it in the list that it frees it by, that list is
 * told; memory that native code made a buffer of is in none.
 */
final class DirectBuffers {
    private static final int SOME_MORE = 64;
    /** Bytes that native memory tracking puts before what it tracks (MallocHeader). */
    private static final int TRACKING = 16;

    private DirectBuffers() {
    }

    static List<RegionCandidate> claims(VmReader vm) {
        long[] ranges = new long[2 * SOME_MORE];
        int count = JvmCalls.directBuffers(ranges);
        while (count > ranges.length / 2) { // in the meantime there may be more
            ranges = new long[Math.multiplyExact(2, count + SOME_MORE)];
            count = JvmCalls.directBuffers(ranges);
        }
        List<RegionCandidate> claims = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RegionCandidate buffer = RegionCandidate.reported(ranges[2 * i], ranges[2 * i] + ranges[2 * i + 1], RegionKind.DIRECT_BUFFER, "direct buffer");
            claims.add(buffer);
            addPiece(claims, buffer, vm);
        }
        return claims;
    }

    /** Of a large one also the memory around it: what malloc put before it, and before that the JVM, if it tracks memory. */
    private static void addPiece(List<RegionCandidate> claims, RegionCandidate buffer, VmReader vm) {
        for (int before = MallocChunk.HEAD; before <= MallocChunk.HEAD + TRACKING; before += TRACKING) {
            long start = buffer.start() - before;
            long end = start + MallocChunk.size(vm, start);
            if (Long.compareUnsigned(end, buffer.end()) >= 0) {
                claims.add(RegionCandidate.inferred(start, end, RegionKind.MALLOC, MallocChunk.DETAIL));
            }
        }
    }
}
