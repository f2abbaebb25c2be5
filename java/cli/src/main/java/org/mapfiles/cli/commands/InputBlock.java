package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.mapfiles.cli.target.AddressReader;
import org.mapfiles.cli.target.InputLine;

/** Lines of input that are resolved together. */
final class InputBlock {
    /** Maximum number of different addresses in a block: their reports are kept until all are printed. */
    private static final int MAX_DIFFERENT = 1 << 16;
    /** Maximum number of lines in a block. A profile contains the same addresses many times. */
    private static final int MAX_LINES = 1 << 20;

    private long[] addresses = new long[1024];
    private int count;
    /** Lines that are not an address alone, by index. */
    private final Map<Integer, InputLine> others = new HashMap<>();

    /** Reads lines up to the end of the input or the maximum of a block. */
    static InputBlock read(AddressReader input) throws IOException {
        InputBlock block = new InputBlock();
        Set<Long> different = new HashSet<>();
        while (block.count < MAX_LINES && different.size() + block.others.size() < MAX_DIFFERENT && input.next()) {
            if (input.other() != null) {
                block.add(input.other());
            } else {
                block.add(input.address());
                different.add(input.address());
            }
        }
        return block;
    }

    void add(InputLine line) {
        others.put(count, line);
        add(0);
    }

    void add(long address) {
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

    /** Returns a line that is an address. */
    long address(int index) {
        return addresses[index];
    }
}
