package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.lines.SourceFrame;
import org.mapfiles.cli.lines.SourceLines;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolInfo;

/** Prints resolved addresses. The name of a mapping is read once for each snapshot, not once for each address. */
public abstract class ResolvedPrinter {
    /** Null: the mappings are of a saved file. */
    private final ProcessMaps maps;
    /** Null: the mappings are of a process. */
    private final SavedMaps saved;

    private final MapSnapshot snapshot;
    private final MapCursor cursor;
    /** Of the thread that notes symbols. */
    private final MapCursor noting;
    /** Null: the mappings are of a saved file. */
    private final AddressSymbols symbols;
    /** Null: the mappings are of a process. */
    private final SavedSymbols savedSymbols;

    final SymbolNames symbolNames;
    private FileName[] names = {};
    private boolean hasUnresolved;
    private boolean isReturnAddress;
    private Map<CodeAddress, AddressReport> reports = Map.of();
    /** Null: source lines are not printed. */
    private Map<CodeAddress, List<SourceFrame>> frames;

    private NotedSymbols noted = new NotedSymbols();

    ResolvedPrinter(ProcessMaps maps, MapSnapshot snapshot, SymbolNames symbolNames) {
        this.maps = maps;
        this.saved = null;
        this.snapshot = snapshot;
        this.cursor = snapshot.cursor();
        this.noting = snapshot.cursor();
        this.symbols = new AddressSymbols(maps);
        this.savedSymbols = null;
        this.symbolNames = symbolNames;
    }

    ResolvedPrinter(SavedMaps saved, SavedSymbols savedSymbols, SymbolNames symbolNames) {
        this.maps = null;
        this.saved = saved;
        this.snapshot = saved.snapshot();
        this.cursor = snapshot.cursor();
        this.noting = snapshot.cursor();
        this.symbols = null;
        this.savedSymbols = savedSymbols;
        this.symbolNames = symbolNames;
    }

    /** Sets what the addresses that are printed next belong to in the JVM. */
    public final void setReports(Map<CodeAddress, AddressReport> byAddress) {
        reports = byAddress;
    }

    /** Sets whether a stack frame returns to the address that is printed next. */
    public final void setReturnAddress(boolean isReturn) {
        isReturnAddress = isReturn;
    }

    /**
     * Finds the symbol at an address that is printed later. Another thread may print at the same time if
     * {@link #mayNoteWhilePrinting}.
     */
    public final void note(long address, boolean isReturn, NotedSymbols to) {
        int index = snapshot.find(address);
        if (index < 0) {
            return;
        }
        long at = address - CodeAddress.distance(address, isReturn, noting.seek(index));
        if (symbols == null) {
            noteName(savedSymbols.find(noting, at));
            return;
        }
        SymbolInfo next = to.next();
        if (symbols.find(noting, at, next) == next) {
            to.add(at);
        }
    }

    /** Returns whether {@link #note} may be called while another thread prints. */
    public final boolean mayNoteWhilePrinting() {
        return symbols != null;
    }

    /**
     * Sets the symbols at the addresses that are printed next. Their names are demangled together. The caller clears
     * them after the addresses were printed.
     */
    public final void setNoted(NotedSymbols symbolsOfNext) {
        noted = symbolsOfNext;
        for (int i = 0; i < noted.count(); i++) {
            noteName(noted.get(i));
        }
        symbolNames.demangleNoted();
    }

    private void noteName(SymbolInfo info) {
        if (info.status() == SymbolInfo.Status.FOUND) {
            symbolNames.note(info.name());
        }
    }

    /** Reads the source lines of addresses that are printed next. */
    public final void readLines(SourceLines lines, Collection<CodeAddress> addresses) throws IOException {
        frames = new HashMap<>();
        Map<ElfFile, SortedSet<Long>> byFile = new IdentityHashMap<>();
        Map<ElfFile, String> fileNames = new IdentityHashMap<>();
        Map<CodeAddress, Map.Entry<ElfFile, Long>> places = new HashMap<>();
        Map<CodeAddress, String> functions = new HashMap<>();
        for (CodeAddress address : addresses) {
            isReturnAddress = address.isReturnAddress();
            int index = snapshot.find(address.address());
            SymbolInfo info = index < 0 ? null : symbol(address.address(), cursor.seek(index));
            if (info != null && info.hasElfAddress()) {
                long elfAddress = info.elfAddress() + distance(address.address(), cursor) - address.distance();
                byFile.computeIfAbsent(info.file(), file -> new TreeSet<>()).add(elfAddress);
                places.put(address, Map.entry(info.file(), elfAddress));
                fileNames.put(info.file(), name(index, cursor).display());
                if (lines.mayNameLabels() && info.status() == SymbolInfo.Status.FOUND) {
                    functions.put(address, info.name());
                }
            }
        }
        Map<ElfFile, Map<Long, List<SourceFrame>>> found = new IdentityHashMap<>();
        for (Map.Entry<ElfFile, SortedSet<Long>> each : byFile.entrySet()) {
            found.put(each.getKey(), lines.read(each.getKey(), fileNames.get(each.getKey()), each.getValue()));
        }
        places.forEach((address, place) -> {
            List<SourceFrame> ofAddress = found.get(place.getKey()).getOrDefault(place.getValue(), List.of());
            frames.put(address, named(ofAddress, functions.get(address)));
        });
    }

    /** Returns frames of which the last one has a name, if that is not null. */
    private static List<SourceFrame> named(List<SourceFrame> frames, String function) {
        int last = frames.size() - 1;
        if (last < 0 || function == null || function.equals(frames.get(last).function())) {
            return frames;
        }
        List<SourceFrame> named = new ArrayList<>(frames);
        SourceFrame outer = frames.get(last);
        named.set(last, new SourceFrame(function, outer.file(), outer.line(), outer.column()));
        return named;
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

    /** Returns the files of code whose functions are not named because they cannot be opened, by the reason. */
    public final Map<String, UnnamedFiles> notOpened() {
        return symbols == null ? Map.of() : symbols.notOpened();
    }

    /** Drops all that was read of the mappings. Call it after the snapshot was refreshed. */
    public void snapshotRefreshed() {
        names = new FileName[0];
        cursor.reset();
        noting.reset();
    }

    abstract void printResolved(long address, int index, MapCursor mapping) throws IOException;

    abstract void printUnresolved(long address) throws IOException;

    abstract void unusable(long line, byte[] input, String reason) throws IOException;

    /** Returns what an address belongs to in the JVM; null if the JVM was not read. */
    final AddressReport report(long address) {
        return reports.isEmpty() ? null : reports.get(new CodeAddress(address, isReturnAddress));
    }

    /** Returns the functions and source lines at an address, innermost first; null if they were not read. */
    final List<SourceFrame> frames(long address) {
        return frames == null ? null : frames.getOrDefault(new CodeAddress(address, isReturnAddress), List.of());
    }

    /** Returns whether there are all mappings: else it is unknown which one an address is in. */
    final boolean hasAllMappings() {
        return snapshot.size() > 0 && (saved == null || !saved.mayLackMappings());
    }

    final boolean isOfSavedFile() {
        return saved != null;
    }

    /** Returns whether the file of a saved mapping is still the same; null if the mapping has no file. */
    final FileCheck check(MapCursor mapping) {
        return savedSymbols.check(mapping);
    }

    final String permissions(MapCursor mapping) {
        return saved == null ? mapping.permissions() : saved.permissions(mapping);
    }

    /** As {@link CodeAddress#distance(long, boolean, MapCursor)} of the address that is printed. */
    final int distance(long address, MapCursor mapping) {
        return CodeAddress.distance(address, isReturnAddress, mapping);
    }

    /** Returns the symbol at the {@link #distance} before an address in a mapping; valid until the next call. */
    final SymbolInfo symbol(long address, MapCursor mapping) {
        long at = address - distance(address, mapping);
        SymbolInfo found = noted.take(at);
        if (found != null) {
            return found;
        }
        return symbols != null ? symbols.find(mapping, at) : savedSymbols.find(mapping, at);
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
