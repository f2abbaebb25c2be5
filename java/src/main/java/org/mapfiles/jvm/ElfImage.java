package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the end of a mapped ELF program or library, which may be after the end of its file (System V gABI, chapter 5).
 */
final class ElfImage {
    private static final int MAGIC = 0x464c457f;
    private static final byte CLASS_64 = 2;
    private static final int HEADER = 64;
    private static final int SEGMENT = 56;
    private static final int MAX_SEGMENTS = 64;
    private static final int PT_LOAD = 1;

    private ElfImage() {}

    /**
     * Returns the end (exclusive) of the last segment, with its zeroed data that is not in the file; 0: no image starts
     * there.
     */
    static long end(VmReader vm, long start) {
        try {
            byte[] bytes = new byte[HEADER];
            vm.read(start, bytes, HEADER);
            ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int count = Short.toUnsignedInt(header.getShort(56));
            if (header.getInt(0) != MAGIC
                    || header.get(4) != CLASS_64
                    || header.getShort(54) != SEGMENT
                    || count > MAX_SEGMENTS) {
                return 0;
            }
            byte[] segments = new byte[count * SEGMENT];
            vm.read(start + header.getLong(32), segments, segments.length);
            return end(ByteBuffer.wrap(segments).order(ByteOrder.LITTLE_ENDIAN), count, start);
        } catch (VmFieldMissing unmapped) {
            return 0;
        }
    }

    private static long end(ByteBuffer segments, int count, long start) {
        long bias = start;
        long end = 0;
        for (int i = count - 1; i >= 0; i--) {
            int at = i * SEGMENT;
            if (segments.getInt(at) == PT_LOAD) {
                long address = segments.getLong(at + 16);
                bias = segments.getLong(at + 8) == 0 ? start - address : bias;
                end = Math.max(end, address + segments.getLong(at + 40));
            }
        }
        return end <= 0 ? 0 : bias + end;
    }
}
