package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * Address and time to a record, in one image: the search of {@code mf_code_search()}.
 *
 * <p>Allocates nothing, and ends in an image that is being overwritten, too: chains lead to smaller places alone, and each
 * access is checked. What it finds there may be wrong or an {@link IndexOutOfBoundsException}; the caller looks whether that
 * can be.
 */
final class CodeSearch {
    /** The time to ask for what is there now. */
    static final long NOW = -1;

    private CodeSearch() {
    }

    /**
     * Offset of the record in the image; negative: of one that the JVM told of later than the time asked for, its
     * complement; 0: none.
     */
    static int find(ByteBuffer image, long address, long time) {
        long segment = address - image.getLong(CodeMemory.LOW) >>> CodeMemory.SEGMENT_SHIFT;
        if (segment >= image.getInt(CodeMemory.SEGMENTS)) {
            return 0;
        }
        int record = CodeMemory.intAcquired(image, CodeMemory.TABLE + (int) segment * Integer.BYTES) * CodeMemory.UNIT;
        if (record > 0 && image.getInt(record + CodeMemory.KIND) == CodeMemory.KIND_METHOD) {
            long start = image.getLong(record + CodeMemory.START);
            if (address - start >= 0 && address - image.getLong(record + CodeMemory.END) < 0
                    && wasThere(image, record, time)) {
                return record; // nearly always: what came to the segment last
            }
        }
        return findBelow(image, record, (int) segment, address, time);
    }

    private static int findBelow(ByteBuffer image, int top, int segment, long address, long time) {
        int found = 0;
        int later = 0;
        long smallest = Long.MAX_VALUE;
        for (int record = covering(image, top, segment, address); record > 0;
                record = covering(image, next(image, record, segment), segment, address)) {
            boolean method = isMethod(image, record);
            if (wasThere(image, record, time)) {
                if (method) {
                    return record;
                }
                if (size(image, record) < smallest) { // of stubs within stubs the smallest is meant
                    smallest = size(image, record);
                    found = record;
                }
            } else if (time != NOW && time - image.getLong(record + CodeMemory.LOADED) < 0) {
                later = record;
            } else if (method) {
                break; // it had gone by then, and all below it before that
            }
        }
        return found != 0 || later == 0 ? found : ~reportedLater(image, top, segment, address, time, later);
    }

    /** The first code that was loaded at an address after a time or, if that is a stub, the smallest stub that was there with it. */
    private static int reportedLater(ByteBuffer image, int top, int segment, long address, long time, int first) {
        if (isMethod(image, first)) {
            return first;
        }
        long before = CodeMemory.longAcquired(image, first + CodeMemory.UNLOADED);
        long smallest = Long.MAX_VALUE;
        int found = first;
        for (int record = covering(image, top, segment, address); record > 0;
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

    /** The next record of a segment, from one on down its chain, that covers an address; 0: the end. */
    private static int covering(ByteBuffer image, int top, int segment, long address) {
        int record = top;
        while (record > 0 && Long.compareUnsigned(address - image.getLong(record + CodeMemory.START), size(image, record)) >= 0) {
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

    private static boolean wasThere(ByteBuffer image, int record, long time) {
        long unloaded = CodeMemory.longAcquired(image, record + CodeMemory.UNLOADED);
        return time == NOW ? unloaded == 0
                : time - image.getLong(record + CodeMemory.LOADED) >= 0 && (unloaded == 0 || time - unloaded < 0);
    }

    /** The next record down a segment's chain; 0: the end. */
    private static int next(ByteBuffer image, int record, int segment) {
        int at = segment - image.getInt(record + CodeMemory.FIRST_SEGMENT);
        if (at < 0 || at >= image.getInt(record + CodeMemory.RECORD_SEGMENTS)) {
            return 0;
        }
        int next = image.getInt(record + CodeMemory.RECORD_SIZE + at * Integer.BYTES) * CodeMemory.UNIT;
        return next < record ? next : 0;
    }

    /** The scope of the debug information at an address of a record: of the first that is not before it; or none. */
    static int scopeAt(ByteBuffer image, int record, long address) {
        long offset = address - image.getLong(record + CodeMemory.START);
        int pcs = pcsOf(image, record);
        int low = 0;
        int high = image.getInt(record + CodeMemory.PCS);
        int count = high;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Integer.toUnsignedLong(image.getInt(pcs + middle * CodeMemory.PC_SIZE)) < offset) {
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

    /** Offset of a scope in the image: its name, bytecode index and caller. */
    static int scope(ByteBuffer image, int record, int number) {
        return pcsOf(image, record) + image.getInt(record + CodeMemory.PCS) * CodeMemory.PC_SIZE + number * CodeMemory.SCOPE_SIZE;
    }
}
