package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.SymbolInfo;

/** Prints resolved addresses. The name of a mapping is read once for each snapshot, not once for each address. */
public abstract class ResolvedPrinter {
    /** Null: the mappings are of a saved file. */
    private final ProcessMaps maps;
    /** Null: the mappings are of a process. */
    private final SavedMaps saved;

    private final MapSnapshot snapshot;
    private final MapCursor cursor;
    private final AddressSymbols symbols;
    private FileName[] names = {};
    private boolean hasUnresolved;
    private Map<Long, AddressReport> reports = Map.of();

    ResolvedPrinter(ProcessMaps maps, MapSnapshot snapshot) {
        this(maps, null, snapshot);
    }

    ResolvedPrinter(SavedMaps saved) {
        this(null, saved, saved.snapshot());
    }

    private ResolvedPrinter(ProcessMaps maps, SavedMaps saved, MapSnapshot snapshot) {
        this.maps = maps;
        this.saved = saved;
        this.snapshot = snapshot;
        this.cursor = snapshot.cursor();
        this.symbols = new AddressSymbols(maps);
    }

    /** Sets what the addresses that are printed next belong to in the JVM. */
    public final void setReports(Map<Long, AddressReport> byAddress) {
        reports = byAddress;
    }

    /** Prints one address that is in the mapping of an index, or in none if the index is negative. */
    public final void print(long address, int index) throws IOException {
        if (index < 0) {
            hasUnresolved = true;
            printUnresolved(address);
        } else {
            printResolved(address, index, cursor.seek(index));
        }
    }

    /**
     * Prints a line of input that cannot be used, in its place.
     *
     * @param line number of the line, from 1; 0: an argument
     * @param input the line as text
     * @param reason why it cannot be used, as the end of a sentence
     */
    public final void printUnusable(long line, byte[] input, String reason) throws IOException {
        hasUnresolved = true;
        unusable(line, input, reason);
    }

    /**
     * Prints a line that is not an address and belongs to the addresses after it, such as the head of a sample of perf.
     */
    public abstract void printSample(byte[] line) throws IOException;

    /** Returns whether an address was in no mapping, or a line could not be used. */
    public final boolean hasUnresolved() {
        return hasUnresolved;
    }

    /** Drops all that was read of the mappings. Call it after the snapshot was refreshed. */
    public void snapshotRefreshed() {
        names = new FileName[0];
        cursor.reset();
    }

    abstract void printResolved(long address, int index, MapCursor mapping) throws IOException;

    abstract void printUnresolved(long address) throws IOException;

    abstract void unusable(long line, byte[] input, String reason) throws IOException;

    /** Returns what an address belongs to in the JVM; null if the JVM was not read. */
    final AddressReport report(long address) {
        return reports.get(address);
    }

    final String permissions(MapCursor mapping) {
        return saved == null ? mapping.permissions() : saved.permissions(mapping);
    }

    /** Returns the symbol at an address in a mapping; valid until the next call. */
    final SymbolInfo symbol(long address, MapCursor mapping) {
        return symbols.find(mapping, address);
    }

    final FileName name(int index, MapCursor mapping) throws IOException {
        if (index >= names.length) {
            names = Arrays.copyOf(names, snapshot.size());
        }
        if (names[index] == null) {
            names[index] = maps == null ? FileName.withoutQuery(mapping) : FileName.of(maps, mapping);
        }
        return names[index];
    }
}
