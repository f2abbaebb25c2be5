package org.mapfiles.symbols;

import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MappedFile;
import org.mapfiles.files.StaleMappingException;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RootAccess;

/**
 * Finds the function or variable at an address of a process, and the ELF address and build ID of its file.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
 *     Symbols symbols = Symbols.of(maps, cache);
 *     MapCursor mapping = maps.snapshot().cursor();
 *     SymbolInfo info = new SymbolInfo();                    // one for each thread
 *     if (mapping.goTo(address) && symbols.find(mapping, address, info)) {
 *         System.out.println(info.name() + " + " + info.offset());
 *     }
 * }
 * }</pre>
 *
 * <p>Each file is opened once, and verified as {@link MapFiles#open(Mapping)} does: also a deleted or replaced file is
 * the mapped one. If the file has no whole symbol table, a file with one is searched in the order of
 * {@link SymbolInfo.Source}, first in the root of the process, then in that of this JVM. The vdso is read from memory.
 *
 * <p>A file that could not be opened is not tried again by the same object, unless the mapping was stale, or
 * descriptors or memory were used up. If the ELF address is unknown, the other mappings of the process are looked up
 * again by the first search after a second, which may allocate before Linux 6.11.
 *
 * <p>Thread-safe: each thread uses its own {@link SymbolInfo}. {@link #find} allocates nothing after the first search
 * in a file.
 */
public final class Symbols {
    private static final int MAX_VDSO = 1 << 20;
    private static final int FILE_TYPE = 0170000; // S_IFMT, S_IFREG of inode(7)
    private static final int REGULAR_FILE = 0100000;
    /**
     * When more mappings were searched than this, for example because they change, those of earlier searches are
     * forgotten.
     */
    private static final int MAX_ENTRIES = 1 << 15;

    /** Files are closed while they are searched only if more files are in use than the cache keeps open. */
    private static final int MAX_ATTEMPTS = 8;

    private final ProcessMaps maps;
    private final MapFiles files;
    private final SymbolCache cache;
    private volatile MappingTable table = new MappingTable(64);

    private Symbols(ProcessMaps maps, SymbolCache cache) {
        this.maps = maps;
        this.files = MapFiles.of(maps);
        this.cache = cache;
    }

    /** Returns the symbols of a process. The caller owns and closes both arguments. */
    public static Symbols of(ProcessMaps maps, SymbolCache cache) {
        return new Symbols(Objects.requireNonNull(maps, "maps"), Objects.requireNonNull(cache, "cache"));
    }

    /**
     * Finds the symbol at an address.
     *
     * @param mapping of this process, which covers the address
     * @param result receives the symbol, or why there is none
     * @return whether a symbol covers the address
     * @throws IllegalArgumentException if the mapping does not cover the address
     * @throws ProcessExitedException if the file must be opened and the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory for the symbols
     * @throws MapsException if descriptors or memory of the kernel are used up; a later search tries again
     * @throws IllegalStateException if the file must be opened and the {@link ProcessMaps} or the {@link SymbolCache}
     *     is closed
     */
    public boolean find(Mapping mapping, long address, SymbolInfo result) throws MapsException {
        try {
            for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
                if (!locate(mapping, address, result)) {
                    return false;
                }
                ElfFile file = result.file();
                try {
                    if (file.find(result.elfAddress(), result) || !file.isClosed()) {
                        return result.status() == SymbolInfo.Status.FOUND;
                    }
                } catch (IllegalStateException e) {
                    if (!file.isClosed()) {
                        throw e;
                    }
                }
                // The cache has closed the file, to open others: it is opened again.
            }
            return result.set(SymbolInfo.Status.NOT_OPENED, null, 0);
        } catch (ElfReadException e) {
            if (e.isShortage()) {
                throw e.unwrap();
            }
            return result.set(SymbolInfo.Status.NOT_OPENED, null, 0);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the symbols of a file", e);
        }
    }

    /**
     * Finds the file and the ELF address of an address, without reading symbols.
     *
     * @param mapping of this process, which covers the address
     * @param result receives the file and the ELF address, with the status {@link SymbolInfo.Status#NO_SYMBOL}; or why
     *     there is none
     * @return whether the ELF address is known
     * @throws IllegalArgumentException if the mapping does not cover the address
     * @throws ProcessExitedException if the file must be opened and the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException if descriptors or memory of the kernel are used up
     * @throws IllegalStateException if the file must be opened and the {@link ProcessMaps} or the {@link SymbolCache}
     *     is closed
     */
    public boolean locate(Mapping mapping, long address, SymbolInfo result) throws MapsException {
        Objects.requireNonNull(result, "result");
        return entry(Objects.requireNonNull(mapping, "mapping")).locate(maps, mapping, address, result);
    }

    /**
     * Finds the symbols at the addresses of a snapshot. An address without a mapping has the status
     * {@link SymbolInfo.Status#NO_FILE}.
     *
     * @param snapshot of this process
     * @param addresses any 64-bit values
     * @param results one for each address
     * @throws IllegalArgumentException if there are fewer results than addresses
     * @throws IllegalStateException if the snapshot is refreshed with changes during the call, or as {@link #find}
     * @throws MapsException as {@link #find}
     */
    public void findAll(MapSnapshot snapshot, long[] addresses, SymbolInfo[] results) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
        if (results.length < addresses.length) {
            throw new IllegalArgumentException(results.length + " results for " + addresses.length + " addresses");
        }
        MapCursor mapping = snapshot.cursor();
        for (int i = 0; i < addresses.length; i++) {
            if (mapping.goTo(addresses[i])) {
                find(mapping, addresses[i], results[i]);
            } else {
                results[i].set(SymbolInfo.Status.NO_FILE, null, 0);
            }
        }
    }

    /**
     * Returns the ELF file of a mapping.
     *
     * @return empty if there is none, or it cannot be opened: {@link #locate} has the reason
     * @throws ProcessExitedException if the file must be opened and the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if the file must be opened and the {@link ProcessMaps} or the {@link SymbolCache}
     *     is closed
     */
    public Optional<ElfFile> file(Mapping mapping) throws MapsException {
        return Optional.ofNullable(entry(Objects.requireNonNull(mapping, "mapping")).file);
    }

    private MappingTable.Entry entry(Mapping mapping) throws MapsException {
        MappingTable.Entry known = table.find(mapping);
        if (known != null && (known.file == null || !known.file.isClosed())) {
            return known;
        }
        try {
            return open(mapping);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("an ELF file", e);
        }
    }

    private MappingTable.Entry open(Mapping mapping) throws MapsException {
        ElfFile file = null;
        SymbolInfo.Status status = SymbolInfo.Status.NO_FILE;
        if (mapping.kind() == Mapping.Kind.VDSO) {
            file = readVdso(mapping);
            status = SymbolInfo.Status.NO_ELF_FILE;
        } else if (mapping.isFileBacked() && mapping.kind() != Mapping.Kind.ANON_INODE) {
            status = SymbolInfo.Status.NO_ELF_FILE;
            try {
                file = openFile(mapping);
            } catch (ProcessExitedException | NotEnoughMemoryException e) {
                throw e;
            } catch (StaleMappingException e) {
                return new MappingTable.Entry(maps, mapping, null, SymbolInfo.Status.NOT_OPENED);
            } catch (ElfReadException e) {
                if (e.isShortage()) {
                    throw e.unwrap();
                }
                status = SymbolInfo.Status.NOT_OPENED;
            } catch (MapsException e) {
                if (RootAccess.get().isShortage(e)) {
                    throw e;
                }
                status = SymbolInfo.Status.NOT_OPENED;
            }
        }
        MappingTable.Entry entry = new MappingTable.Entry(maps, mapping, file, status);
        synchronized (this) {
            table = table.size() >= MAX_ENTRIES ? new MappingTable(64).with(entry) : table.with(entry);
        }
        return entry;
    }

    private @Nullable ElfFile openFile(Mapping mapping) throws MapsException {
        MapFilesEntries entry = new MapFilesEntries();
        if (files.read(mapping, entry, EnumSet.of(MapFilesEntries.Field.STAT))
                && entry.statStatus() == MapFilesEntries.FieldStatus.KNOWN
                && (entry.mode() & FILE_TYPE) != REGULAR_FILE) {
            return null; // opening a device may have an effect
        }
        byte[] path = new byte[Math.max(0, mapping.nameLength())];
        mapping.name(path, 0);
        MappedFile opened = files.open(mapping);
        ElfBytes bytes = null;
        try {
            bytes = ElfBytes.of(opened);
        } finally {
            if (bytes == null) {
                opened.close();
            }
        }
        return cache.share(bytes, maps, path);
    }

    /** The vdso has no file: it is an ELF image that the kernel maps. */
    private @Nullable ElfFile readVdso(Mapping mapping) throws MapsException {
        if (mapping.size() > MAX_VDSO) {
            return null;
        }
        byte[] copy = new byte[(int) mapping.size()];
        if (maps.readMemory(mapping.start(), copy, 0, copy.length) != copy.length) {
            return null;
        }
        NativeMemory content = new NativeMemory(copy.length);
        content.bytes().put(0, copy);
        return cache.share(ElfBytes.of(content), null, null);
    }
}
