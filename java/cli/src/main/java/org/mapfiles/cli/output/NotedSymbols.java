package org.mapfiles.cli.output;

import java.util.Arrays;
import org.mapfiles.symbols.SymbolInfo;

/**
 * Symbols that were found before they are printed, in the same order. Their memory is used again for other addresses.
 *
 * <p>Not thread-safe.
 */
public final class NotedSymbols {
    private SymbolInfo[] symbols = {};
    private long[] addresses = {};
    private int count;
    private int taken;

    /** Forgets all symbols. */
    public void clear() {
        count = 0;
        taken = 0;
    }

    /** Returns an object for the next symbol. */
    SymbolInfo next() {
        if (count == symbols.length) {
            symbols = Arrays.copyOf(symbols, Math.max(64, 2 * count));
            addresses = Arrays.copyOf(addresses, symbols.length);
        }
        if (symbols[count] == null) {
            symbols[count] = new SymbolInfo();
        }
        return symbols[count];
    }

    /** Adds the object of {@link #next}, with the symbol at an address. */
    void add(long address) {
        addresses[count++] = address;
    }

    int count() {
        return count;
    }

    SymbolInfo get(int index) {
        return symbols[index];
    }

    /** Takes the next symbol if it is at an address; null: it is at another one. */
    SymbolInfo take(long address) {
        return taken < count && addresses[taken] == address ? symbols[taken++] : null;
    }
}
