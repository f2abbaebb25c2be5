package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.Set;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.SymbolInfo;

/** Prints a crash: what each of its addresses belongs to, and whether the files are still the same. */
public abstract class CrashPrinter {
    /** The names of the stack pointer on x86-64 and aarch64. */
    private static final Set<String> STACK_POINTERS = Set.of("RSP", "SP");

    private final SavedMaps saved;
    private final MapCursor cursor;
    private final SavedSymbols symbols;
    final SymbolNames names;
    private boolean isReturnAddress;

    CrashPrinter(SavedMaps saved, SymbolNames names) {
        this.saved = saved;
        this.symbols = new SavedSymbols(saved);
        this.names = names;
        this.cursor = saved.snapshot().cursor();
    }

    /** Prints the crash and its addresses. */
    public final void print(Crash crash) throws IOException {
        begin(crash);
        int ofStackPointer = ofStackPointer(crash);
        for (Crash.Address address : crash.addresses()) {
            int index = address.isKnown() ? saved.snapshot().find(address.address()) : -1;
            isReturnAddress = crash.isReturnAddress(address);
            boolean isContradicted = address.isKnown() && saved.isContradicted(address.address());
            Stack stack = index >= 0 && index == ofStackPointer ? Stack.SAME_MAPPING : Stack.UNKNOWN;
            if (crash.isStackRecorded()) {
                stack = address.isKnown() && crash.isInStack(address.address()) ? Stack.INSIDE : Stack.OUTSIDE;
            }
            print(address, index < 0 || isContradicted ? null : cursor.seek(index), stack, isContradicted);
        }
        end();
    }

    /** Whether an address is in the stack of the thread that crashed. */
    enum Stack {
        INSIDE,
        OUTSIDE,
        /** The file does not record the stack. The address is in the mapping of the stack pointer. */
        SAME_MAPPING,
        /** The file does not record the stack. */
        UNKNOWN
    }

    /** Returns the index of the mapping of the stack pointer; -1: it is in none, or unknown. */
    private int ofStackPointer(Crash crash) {
        for (Crash.Address address : crash.addresses()) {
            if (address.role() == Crash.Address.Role.REGISTER && STACK_POINTERS.contains(address.name())) {
                return address.isKnown() && !saved.isContradicted(address.address())
                        ? saved.snapshot().find(address.address())
                        : -1;
            }
        }
        return -1;
    }

    abstract void begin(Crash crash) throws IOException;

    /**
     * Prints an address.
     *
     * @param mapping of the address; null: none, or it is uncertain
     * @param stack whether the address is in the stack of the thread that crashed
     * @param isContradicted whether lines of the file contradict each other about the address
     */
    abstract void print(Crash.Address address, MapCursor mapping, Stack stack, boolean isContradicted)
            throws IOException;

    abstract void end() throws IOException;

    /** Returns whether the file records all mappings: else it is unknown which one an address is in. */
    final boolean hasAllMappings() {
        return saved.snapshot().size() > 0 && !saved.mayLackMappings();
    }

    final OptionalLong pid() {
        return saved.pid();
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

    /** As {@link CodeAddress#distance(long, boolean, MapCursor)} of the address that is printed. */
    final int distance(long address, MapCursor mapping) {
        return CodeAddress.distance(address, isReturnAddress, mapping);
    }

    /**
     * Returns the symbol at the {@link #distance} before an address; none unless a file is the same. The result is
     * valid until the next call.
     */
    final SymbolInfo symbol(long address, MapCursor mapping) {
        return symbols.find(mapping, address - distance(address, mapping));
    }
}
