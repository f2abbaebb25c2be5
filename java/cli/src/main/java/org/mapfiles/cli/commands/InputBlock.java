package org.mapfiles.cli.commands;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.mapfiles.cli.target.InputLine;

/** Lines of input that are resolved together. */
final class InputBlock {
    /** Maximum number of different addresses in a large block: their reports are kept until all are printed. */
    private static final int MAX_DIFFERENT = 1 << 16;
    /** Maximum number of lines in a large block. A profile contains the same addresses many times. */
    private static final int MAX_LINES = 1 << 20;
    /** Maximum number of lines in a small block. The symbol of each is in memory that the next block uses again. */
    private static final int MAX_SMALL = 1 << 11;

    private long[] addresses = new long[MAX_SMALL];
    private int count;
    private final BitSet returnAddresses = new BitSet();
    /** Lines that are not an address alone, by index. */
    private final Map<Integer, InputLine> others = new HashMap<>();
    /** Null: the block is small. */
    private final Set<Long> different;

    /** @param isLarge whether what is read for a block is costly */
    InputBlock(boolean isLarge) {
        different = isLarge ? new HashSet<>() : null;
    }

    /** Returns whether the block has its maximum of lines. */
    boolean isFull() {
        return different == null
                ? count >= MAX_SMALL
                : count >= MAX_LINES || different.size() + others.size() >= MAX_DIFFERENT;
    }

    void add(InputLine line, boolean isReturnAddress) {
        others.put(count, line);
        returnAddresses.set(count, isReturnAddress);
        append(0);
    }

    void add(long address, boolean isReturnAddress) {
        if (different != null) {
            different.add(address);
        }
        returnAddresses.set(count, isReturnAddress);
        append(address);
    }

    private void append(long address) {
        addresses = count < addresses.length ? addresses : Arrays.copyOf(addresses, 2 * count);
        addresses[count++] = address;
    }

    int count() {
        return count;
    }

    /** Returns a line that is not an address alone; null: it is an address. */
    InputLine other(int index) {
        return others.get(index);
    }

    /** Replaces a line that is not an address alone. */
    void setOther(int index, InputLine line) {
        others.put(index, line);
    }

    /** Returns whether a line is an address that a stack frame returns to. */
    boolean isReturnAddress(int index) {
        return returnAddresses.get(index);
    }

    /** Returns a line that is an address. */
    long address(int index) {
        return addresses[index];
    }
}
