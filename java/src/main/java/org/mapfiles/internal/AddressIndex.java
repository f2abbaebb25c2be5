package org.mapfiles.internal;

import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * Finds the index of the mapping that covers an address, as {@code mf_find()}, in the index that the native core
 * builds. The layout is documented in index_layout.h.
 *
 * <p>The index is copied to the Java heap after each read: reading an array of longs takes half the instructions of
 * reading a buffer, and the copy takes a hundredth of the time of the read.
 *
 * <p>Allocates nothing. Any number of threads may search. Every access is checked and every loop is bounded. If the
 * index is overwritten during a search, the search returns a wrong result or throws {@link IndexOutOfBoundsException}.
 * The caller checks for that.
 */
public final class AddressIndex {
    /** Offsets in the index, in words: the head, start and end of each mapping, and then their flags. */
    private static final int TAIL_START = 2;

    private static final int ROOT = 3;
    private static final int TABLE_COUNT = 4;
    private static final int COUNT = 5;
    private static final int WORDS = 6;
    private static final int STARTS = 7;
    private static final int ENDS = STARTS + 1;

    private static final int WORD_SHIFT = 6;
    private static final int MASK_SHIFT = 38;
    private static final int HALVINGS_SHIFT = 27;
    private static final int PAGE_SHIFT = 12;
    private static final long LANE_PAGES = 0x7fff;
    private static final long EACH_LANE = 0x0001000100010001L;
    private static final long REACHED = 0x8000800080008000L;
    private static final long UPPER_LANES = 0xffffffff00000000L;

    private AddressIndex() {}

    /** Copies the index that the native core has built to an array of the same size. */
    public static void copy(LongBuffer built, long[] words) {
        built.get(0, words, 0, (int) built.get(WORDS));
    }

    /** Copies the flags of all mappings of an index that was copied, from the same memory. */
    public static void copyFlags(IntBuffer built, long[] words, int[] flags) {
        int count = (int) words[COUNT];
        built.get((STARTS + 2 * count) * (Long.BYTES / Integer.BYTES), flags, 0, count);
    }

    /** Returns the start of a mapping. */
    public static long start(long[] words, int mapping) {
        return words[STARTS + 2 * mapping];
    }

    /** Returns the end of a mapping. */
    public static long end(long[] words, int mapping) {
        return words[ENDS + 2 * mapping];
    }

    /** Copies the starts and ends of the first mappings. */
    public static void copyRanges(long[] words, int count, long[] starts, long[] ends) {
        for (int i = 0; i < count; i++) {
            starts[i] = words[STARTS + 2 * i];
            ends[i] = words[ENDS + 2 * i];
        }
    }

    /** Returns the index of the mapping that covers the address, or -1. */
    public static int find(long[] words, long address) {
        if (Long.compareUnsigned(address, words[TAIL_START]) >= 0) {
            return findInTail(words, address);
        }
        long node = words[ROOT];
        node = words[word(node) + slot(node, address)];
        node = words[word(node) + slot(node, address)];
        node = words[word(node) + slot(node, address)];
        return findInWindow(words, word(node) + 2 * slot(node, address), address);
    }

    /** Calls {@link #find} for each address: four at a time, so that their cache misses overlap. */
    public static void findAll(long[] words, long[] addresses, int[] indices) {
        int k = 0;
        for (; k <= addresses.length - 4; k += 4) {
            findFour(words, addresses, indices, k);
        }
        for (; k < addresses.length; k++) {
            indices[k] = find(words, addresses[k]);
        }
    }

    private static void findFour(long[] words, long[] addresses, int[] indices, int k) {
        long tail = words[TAIL_START] + Long.MIN_VALUE; // unsigned order
        long a = addresses[k];
        long b = addresses[k + 1];
        long c = addresses[k + 2];
        long d = addresses[k + 3];
        if (a + Long.MIN_VALUE >= tail
                || b + Long.MIN_VALUE >= tail
                || c + Long.MIN_VALUE >= tail
                || d + Long.MIN_VALUE >= tail) {
            for (int i = k; i < k + 4; i++) {
                indices[i] = find(words, addresses[i]);
            }
            return;
        }
        long p = words[ROOT];
        long q = p;
        long r = p;
        long s = p;
        for (int level = 0; level < 3; level++) {
            p = words[word(p) + slot(p, a)];
            q = words[word(q) + slot(q, b)];
            r = words[word(r) + slot(r, c)];
            s = words[word(s) + slot(s, d)];
        }
        indices[k] = findInWindow(words, word(p) + 2 * slot(p, a), a);
        indices[k + 1] = findInWindow(words, word(q) + 2 * slot(q, b), b);
        indices[k + 2] = findInWindow(words, word(r) + 2 * slot(r, c), c);
        indices[k + 3] = findInWindow(words, word(s) + 2 * slot(s, d), d);
    }

    private static int word(long node) {
        return (int) (node >>> WORD_SHIFT);
    }

    private static int slot(long node, long address) {
        return (int) (address >>> node & node >>> MASK_SHIFT); // a shift takes the lowest six bits of node
    }

    private static int findInWindow(long[] words, int at, long address) {
        long pages = (address >>> PAGE_SHIFT & LANE_PAGES) * EACH_LANE;
        long window = words[at];
        int i = (int) window & (1 << HALVINGS_SHIFT) - 1;
        if ((int) window >>> HALVINGS_SHIFT != 0) {
            i = halve(words, i, (int) window >>> HALVINGS_SHIFT, address);
        }
        i += Long.bitCount(
                (window + (pages & UPPER_LANES) & REACHED & UPPER_LANES) >>> 1 | words[at + 1] + pages & REACHED);
        // All addresses here are below 2^63.
        // A negative difference, with its sign shifted to all bits, turns the index into -1.
        return i | (int) ((address - words[STARTS + 2 * i] | words[ENDS + 2 * i] - 1 - address) >> 63);
    }

    private static int halve(long[] words, int first, int halvings, long address) {
        int last = (int) words[TABLE_COUNT] - 1;
        int i = first;
        for (int half = 1 << halvings >>> 1; half != 0; half >>>= 1) {
            int middle = Math.min(i + half, last);
            i = words[STARTS + 2 * middle] <= address ? middle : i;
        }
        return i;
    }

    private static int findInTail(long[] words, long address) {
        int count = (int) words[COUNT];
        int low = (int) words[TABLE_COUNT];
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(words[ENDS + 2 * middle], address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < count && Long.compareUnsigned(words[STARTS + 2 * low], address) <= 0 ? low : -1;
    }
}
