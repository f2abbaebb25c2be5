package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * Finds the record for an address and a time in one image, as {@code mf_code_search()} does.
 *
 * <p>Allocates nothing. The search ends even in an image that is being overwritten: each step of a chain leads to a
 * smaller offset, and each access is checked. Its result may be wrong then, or it throws
 * {@link IndexOutOfBoundsException}. The caller checks {@link CodeMemory#wasWhole} afterwards.
 */
final class CodeSearch {
    /** The time that stands for now. */
    static final long NOW = -1;

    private CodeSearch() {}

    /**
     * Returns the offset of the record in the image; 0: none. If the JVM reported the code after the requested time,
     * the result is the bitwise complement of the offset.
     */
    static int find(ByteBuffer image, long address, long time) {
        long segment = address - image.getLong(CodeMemory.LOW) >>> CodeMemory.SEGMENT_SHIFT;
        if (segment >= image.getInt(CodeMemory.SEGMENTS)) {
            return 0;
        }
        int table = CodeMemory.TABLE + (int) segment * Integer.BYTES;
        int record = CodeMemory.intAcquired(image, table) * CodeMemory.UNIT;
        if (record > 0 && isMethod(image, record)) {
            long start = image.getLong(record + CodeMemory.START);
            if (address - start >= 0
                    && address - image.getLong(record + CodeMemory.END) < 0
                    && wasLoaded(image, record, time)) {
                return record; // the common case: the record that was appended last to the segment
            }
        }
        for (; ; ) {
            int found = findBelow(image, record, (int) segment, address, time);
            int now = CodeMemory.intAcquired(image, table) * CodeMemory.UNIT;
            if (now <= record) {
                return found;
            }
            // It may have replaced a record that was found unloaded. Offsets grow, so this ends.
            record = now;
        }
    }

    private static int findBelow(ByteBuffer image, int top, int segment, long address, long time) {
        int found = 0;
        int later = 0;
        long smallest = Long.MAX_VALUE;
        for (int record = covering(image, top, segment, address);
                record > 0;
                record = covering(image, next(image, record, segment), segment, address)) {
            boolean method = isMethod(image, record);
            if (wasLoaded(image, record, time)) {
                if (method) {
                    return record;
                }
                if (size(image, record) < smallest) { // of nested stubs the smallest
                    smallest = size(image, record);
                    found = record;
                }
            } else if (time != NOW && time - image.getLong(record + CodeMemory.LOADED) < 0) {
                later = record;
            } else if (method) {
                break; // it was unloaded before that time, and all older records before it
            }
        }
        return found != 0 || later == 0 ? found : ~reportedLater(image, top, segment, address, time, later);
    }

    /**
     * Returns the first code that was loaded at an address after a time. If that is a stub: the smallest stub loaded
     * together with it.
     */
    private static int reportedLater(ByteBuffer image, int top, int segment, long address, long time, int first) {
        if (isMethod(image, first)) {
            return first;
        }
        long before = CodeMemory.longAcquired(image, first + CodeMemory.UNLOADED);
        long smallest = Long.MAX_VALUE;
        int found = first;
        for (int record = covering(image, top, segment, address);
                record > 0;
                record = covering(image, next(image, record, segment), segment, address)) {
            long loaded = image.getLong(record + CodeMemory.LOADED);
            if (time - loaded >= 0) {
                break;
            }
            if (!isMethod(image, record) && (before == 0 || loaded - before < 0) && size(image, record) < smallest) {
                smallest = size(image, record);
                found = record;
            }
        }
        return found;
    }

    /** Returns the first record that covers an address, from {@code top} down the chain of a segment; 0: none. */
    private static int covering(ByteBuffer image, int top, int segment, long address) {
        int record = top;
        while (record > 0
                && Long.compareUnsigned(address - image.getLong(record + CodeMemory.START), size(image, record)) >= 0) {
            record = next(image, record, segment);
        }
        return record;
    }

    private static boolean isMethod(ByteBuffer image, int record) {
        return image.getInt(record + CodeMemory.KIND) == CodeMemory.KIND_METHOD;
    }

    private static long size(ByteBuffer image, int record) {
        return image.getLong(record + CodeMemory.END) - image.getLong(record + CodeMemory.START);
    }

    private static boolean wasLoaded(ByteBuffer image, int record, long time) {
        long unloaded = CodeMemory.longAcquired(image, record + CodeMemory.UNLOADED);
        return time == NOW
                ? unloaded == 0
                : time - image.getLong(record + CodeMemory.LOADED) >= 0 && (unloaded == 0 || time - unloaded < 0);
    }

    /** Returns the next record down the chain of a segment; 0: the end. */
    private static int next(ByteBuffer image, int record, int segment) {
        int at = segment - image.getInt(record + CodeMemory.FIRST_SEGMENT);
        if (at < 0 || at >= image.getInt(record + CodeMemory.RECORD_SEGMENTS)) {
            return 0;
        }
        int next = image.getInt(record + CodeMemory.RECORD_SIZE + at * Integer.BYTES) * CodeMemory.UNIT;
        return next < record ? next : 0;
    }

    /** Returns when the code after a record was loaded at an address, after a time; 0: none was. */
    static long nextLoaded(ByteBuffer image, int record, long address, long time) {
        int segment = (int) (address - image.getLong(CodeMemory.LOW) >>> CodeMemory.SEGMENT_SHIFT);
        long next = 0;
        int top = CodeMemory.intAcquired(image, CodeMemory.TABLE + segment * Integer.BYTES) * CodeMemory.UNIT;
        for (int each = covering(image, top, segment, address);
                each > record;
                each = covering(image, next(image, each, segment), segment, address)) {
            long loaded = image.getLong(each + CodeMemory.LOADED);
            next = loaded - time > 0 ? loaded : next;
        }
        return next;
    }

    /**
     * Returns the number of the scope of an instruction of a record; or NO_SCOPE. It is that of the first debug record
     * above the instruction, which marks its end.
     */
    static int scopeAt(ByteBuffer image, int record, long instruction) {
        long offset = instruction - image.getLong(record + CodeMemory.START);
        int pcs = pcsOf(image, record);
        int low = 0;
        int high = image.getInt(record + CodeMemory.PCS);
        int count = high;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Integer.toUnsignedLong(image.getInt(pcs + middle * CodeMemory.PC_SIZE)) <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < count ? image.getInt(pcs + low * CodeMemory.PC_SIZE + Integer.BYTES) : CodeMemory.NO_SCOPE;
    }

    private static int pcsOf(ByteBuffer image, int record) {
        return record + CodeMemory.RECORD_SIZE + image.getInt(record + CodeMemory.RECORD_SEGMENTS) * Integer.BYTES;
    }

    /** Returns the offset of a scope in the image. A scope is a name, a bytecode index and a caller. */
    static int scope(ByteBuffer image, int record, int number) {
        return pcsOf(image, record)
                + image.getInt(record + CodeMemory.PCS) * CodeMemory.PC_SIZE
                + number * CodeMemory.SCOPE_SIZE;
    }
}
