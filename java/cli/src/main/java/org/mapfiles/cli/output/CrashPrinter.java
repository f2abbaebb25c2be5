package org.mapfiles.cli.output;

import java.io.IOException;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.SymbolInfo;

/** Prints a crash: what each of its addresses belongs to, and whether the files are still the same. */
public abstract class CrashPrinter {
    private final SavedMaps saved;
    private final MapCursor cursor;
    private final SavedSymbols symbols;
    final SymbolNames names;

    CrashPrinter(SavedMaps saved, SymbolNames names) {
        this.saved = saved;
        this.symbols = new SavedSymbols(saved);
        this.names = names;
        this.cursor = saved.snapshot().cursor();
    }

    /** Prints the crash and its addresses. */
    public final void print(Crash crash) throws IOException {
        begin(crash);
        for (Crash.Address address : crash.addresses()) {
            int index = address.isKnown() ? saved.snapshot().find(address.address()) : -1;
            boolean isInStack = address.isKnown() && crash.isInStack(address.address());
            boolean isContradicted = address.isKnown() && saved.isContradicted(address.address());
            print(address, index < 0 || isContradicted ? null : cursor.seek(index), isInStack, isContradicted);
        }
        end();
    }

    abstract void begin(Crash crash) throws IOException;

    /**
     * Prints an address.
     *
     * @param mapping of the address; null: none, or it is uncertain
     * @param isInStack whether the address is in the stack of the thread that crashed
     * @param isContradicted whether lines of the file contradict each other about the address
     */
    abstract void print(Crash.Address address, MapCursor mapping, boolean isInStack, boolean isContradicted)
            throws IOException;

    abstract void end() throws IOException;

    /** Returns whether the file records mappings: without any, it is unknown which one an address is in. */
    final boolean hasMappings() {
        return saved.snapshot().size() > 0;
    }

    final String permissions(MapCursor mapping) {
        return saved.permissions(mapping);
    }

    /** Returns whether the file of a mapping is still the same; null if the mapping has no file. */
    final FileCheck check(MapCursor mapping) {
        return symbols.check(mapping);
    }

    final boolean isUnverified(MapCursor mapping) {
        return symbols.isUnverified(mapping);
    }

    /** Returns the symbol at an address; none unless a file is the same. The result is valid until the next call. */
    final SymbolInfo symbol(long address, MapCursor mapping) {
        return symbols.find(mapping, address);
    }
}
