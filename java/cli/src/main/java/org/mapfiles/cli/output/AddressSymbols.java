package org.mapfiles.cli.output;

import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/** The symbols at the addresses of one process. Files that may not be opened have none. */
final class AddressSymbols {
    /** For all commands of this JVM, which runs one. Its descriptors are closed with the JVM. */
    static final SymbolCache CACHE = SymbolCache.ofBytes(256 << 20);

    private final Symbols symbols;
    private final SymbolInfo info = new SymbolInfo();
    private final SymbolInfo none = new SymbolInfo();

    AddressSymbols(ProcessMaps maps) {
        symbols = Symbols.of(maps, CACHE);
    }

    /** Returns the symbol at an address in a mapping. The result is valid until the next call. */
    SymbolInfo find(Mapping mapping, long address) {
        return find(mapping, address, info);
    }

    /** As {@link #find(Mapping, long)}. The result is valid until the next call with the same object. */
    SymbolInfo find(Mapping mapping, long address, SymbolInfo to) {
        try {
            symbols.find(mapping, address, to);
            return to;
        } catch (MapsException e) { // the process has exited, or there is too little memory
            return none;
        }
    }
}
