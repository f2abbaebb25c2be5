package org.mapfiles;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Address to record: the search of {@code mf_find()} over the index that the native core builds; index_layout.h explains it.
 *
 * <p>Allocates nothing; for any number of threads. Every access is checked by a buffer and every loop is bounded: memory
 * that is filled again during a search gives a wrong index or an {@link IndexOutOfBoundsException}, nothing worse, and the
 * caller looks whether that has happened.
 */
final class AddressIndex {
    /** Head of the index, in words. */
    private static final int TAIL_START = 2;
    private static final int ROOT = 3;
    private static final int COUNTS = 4;

    /** Records, in words. */
    private static final int RECORD_SHIFT = 3;
    private static final int START = MapRecord.START / Long.BYTES;
    private static final int END = MapRecord.END / Long.BYTES;

    private static final int MASK_SHIFT = 8;
    private static final int HALVINGS_SHIFT = 27;
    private static final int PAGE_SHIFT = 12;
    private static final long LANE_PAGES = 0x7fff;
    private static final long EACH_LANE = 0x0001000100010001L;
    private static final long REACHED = 0x8000800080008000L;
    private static final long UPPER_LANES = 0xffffffff00000000L;

    private final LongBuffer words;
    private final LongBuffer records;

    /** Over a native-order buffer, and records in longs. Views in longs are kept: they cost one check an access, a ByteBuffer two. */
    AddressIndex(ByteBuffer index, LongBuffer records) {
        this.words = index.asLongBuffer();
        this.records = records;
    }

    /** Index of the record that covers the address, or -1. */
    int find(long address) {
        LongBuffer words = this.words;
        if (Long.compareUnsigned(address, words.get(TAIL_START)) >= 0) {
            return findInTail(address);
        }
        long node = words.get(ROOT);
        node = words.get(at(node, slot(node, address)));
        node = words.get(at(node, slot(node, address)));
        node = words.get(at(node, slot(node, address)));
        return findInWindow(words, at(node, 2 * slot(node, address)), address);
    }

    /** {@link #find} for each address; four in step, so that their waits for memory overlap. */
    void findAll(long[] addresses, int[] indices) {
        int k = 0;
        for (; k <= addresses.length - 4; k += 4) {
            findFour(addresses, indices, k);
        }
        for (; k < addresses.length; k++) {
            indices[k] = find(addresses[k]);
        }
    }

    private void findFour(long[] addresses, int[] indices, int k) {
        LongBuffer words = this.words;
        long tail = words.get(TAIL_START) + Long.MIN_VALUE; // unsigned order
        long a = addresses[k];
        long b = addresses[k + 1];
        long c = addresses[k + 2];
        long d = addresses[k + 3];
        if (a + Long.MIN_VALUE >= tail || b + Long.MIN_VALUE >= tail || c + Long.MIN_VALUE >= tail
                || d + Long.MIN_VALUE >= tail) {
            for (int i = k; i < k + 4; i++) {
                indices[i] = find(addresses[i]);
            }
            return;
        }
        long p = words.get(ROOT);
        long q = p;
        long r = p;
        long s = p;
        for (int level = 0; level < 3; level++) {
            p = words.get(at(p, slot(p, a)));
            q = words.get(at(q, slot(q, b)));
            r = words.get(at(r, slot(r, c)));
            s = words.get(at(s, slot(s, d)));
        }
        indices[k] = findInWindow(words, at(p, 2 * slot(p, a)), a);
        indices[k + 1] = findInWindow(words, at(q, 2 * slot(q, b)), b);
        indices[k + 2] = findInWindow(words, at(r, 2 * slot(r, c)), c);
        indices[k + 3] = findInWindow(words, at(s, 2 * slot(s, d)), d);
    }

    private static long slot(long node, long address) {
        return address >>> node & (int) node >>> MASK_SHIFT; // a shift takes the lowest six bits of node
    }

    private static int at(long node, long offset) {
        return (int) ((node >>> 32) + offset);
    }

    private int findInWindow(LongBuffer words, int at, long address) {
        long pages = (address >>> PAGE_SHIFT & LANE_PAGES) * EACH_LANE;
        long window = words.get(at);
        int i = (int) window & (1 << HALVINGS_SHIFT) - 1;
        if ((int) window >>> HALVINGS_SHIFT != 0) {
            i = halve(i, (int) window >>> HALVINGS_SHIFT, address);
        }
        i += Long.bitCount((window + (pages & UPPER_LANES) & REACHED & UPPER_LANES) >>> 1
            | words.get(at + 1) + pages & REACHED);
        int record = i << RECORD_SHIFT;
        // All lies below 2^63: a difference that is negative, its sign spread over all bits, makes -1 of the position.
        return i | (int) ((address - records.get(record + START) | records.get(record + END) - 1 - address) >> 63);
    }

    private int halve(int first, int halvings, long address) {
        int last = tableCount() - 1;
        int i = first;
        for (int half = 1 << halvings >>> 1; half != 0; half >>>= 1) {
            int middle = Math.min(i + half, last);
            i = records.get((middle << RECORD_SHIFT) + START) <= address ? middle : i;
        }
        return i;
    }

    private int findInTail(long address) {
        int count = count();
        int low = tableCount();
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(records.get((middle << RECORD_SHIFT) + END), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < count && Long.compareUnsigned(records.get((low << RECORD_SHIFT) + START), address) <= 0 ? low : -1;
    }

    private int tableCount() {
        return (int) (words.get(COUNTS) >>> (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 32));
    }

    private int count() {
        return (int) (words.get(COUNTS) >>> (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 32 : 0));
    }
}
