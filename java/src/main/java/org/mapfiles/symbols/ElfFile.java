package org.mapfiles.symbols;

import java.io.UncheckedIOException;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;

/**
 * An ELF program or library: its identity, ELF addresses, and symbols.
 *
 * <p>{@link Symbols#file} returns the file of a mapping, {@link SymbolCache#open} that at a path. The symbols are read
 * at the first search.
 *
 * <p>Thread-safe. It holds a descriptor, which {@link SymbolCache#close} closes, or the garbage collector after the
 * object is unreachable; or the cache, when too many other files are open. A closed file has its identity and its ELF
 * addresses, and no symbols.
 */
public final class ElfFile {
    static final SymbolTable[] NONE = {};

    final ElfBytes bytes;
    final NativeMemory elf;
    private final SymbolCache cache;
    /** Where debug files are searched; null: there are none. DebugFiles is made later: most files need none. */
    private final byte @Nullable [] path;

    private final @Nullable WeakReference<ProcessMaps> process;
    /** Whether a file with more symbols was searched, and none was found. */
    private boolean isWithoutDebugFile;

    /** Whether a debug file matches whose symbols could not be read, and no other one does. */
    private boolean hasUnreadDebugFile;

    /** Whether a symbol may be missing in the tables. Written before them. No status: its class would be loaded. */
    private boolean isIncomplete;

    private volatile SymbolTable @Nullable [] tables;
    private boolean isMiniDebugInfoUnread;
    private @Nullable String htlhash;
    /** The time of the last search, as the cache counts it. */
    int lastUse;
    /** Of the file and its debug files, as the cache counts them. */
    int descriptors;
    /** Of the symbols in memory, as the cache counts them. */
    long symbolBytes;

    private volatile boolean isClosed;

    private ElfFile(
            ElfBytes bytes, NativeMemory elf, @Nullable ProcessMaps maps, byte @Nullable [] path, SymbolCache cache) {
        this.bytes = bytes;
        this.elf = elf;
        this.process = maps == null ? null : new WeakReference<>(maps);
        this.path = path;
        this.cache = cache;
        bytes.closeWith(this);
    }

    /**
     * Reads the identity of a file, and takes it over. Returns null and closes it if it is no ELF program or library.
     *
     * @param maps of the process whose root is searched for debug files first; null: only the root of this process
     * @param path of the file in that root; null: it has no debug file
     * @throws ElfReadException if it cannot be read; it is closed then
     */
    static @Nullable ElfFile read(
            ElfBytes bytes, @Nullable ProcessMaps maps, byte @Nullable [] path, SymbolCache cache) {
        NativeMemory elf = null;
        try {
            NativeMemory memory = new NativeMemory(ElfRecord.SIZE_OF_ELF);
            if (bytes.isElf(memory)) {
                elf = memory;
                return new ElfFile(bytes, elf, maps, path, cache);
            }
            return null;
        } finally {
            if (elf == null) {
                bytes.run();
            }
        }
    }

    /** Opens a file in the root of a process, or of this one. Returns a descriptor or a negative errno. */
    static int openPath(@Nullable OpenProcess process, byte[] path) {
        NativeMemory text = new NativeMemory(path.length + 1); // the memory is zeroed, so the path ends in a NUL
        text.bytes().put(0, path);
        if (process == null) {
            int rc = NativeCalls.fileOpenInRoot(0, text.address());
            text.keepUntilHere();
            return rc;
        }
        if (!process.mayEnter()) {
            return Errno.ESRCH;
        }
        try {
            return NativeCalls.fileOpenInRoot(process.memory.address(), text.address());
        } finally {
            process.leave();
            text.keepUntilHere();
        }
    }

    /** Returns the size of the file, in bytes. */
    public long size() {
        return elf.bytes().getLong(ElfRecord.ELF_SIZE);
    }

    /**
     * Returns the GNU build ID.
     *
     * @return lower-case hexadecimal; empty: the file has none
     */
    public Optional<String> buildId() {
        byte[] id = buildIdBytes();
        return id.length == 0 ? Optional.empty() : Optional.of(HexFormat.of().formatHex(id));
    }

    /** Returns whether the file is of the machine and word size of another one. */
    boolean isOfMachineOf(ElfFile other) {
        return elf.bytes().getInt(ElfRecord.ELF_MACHINE) == other.elf.bytes().getInt(ElfRecord.ELF_MACHINE)
                && elf.bytes().getInt(ElfRecord.ELF_BITS) == other.elf.bytes().getInt(ElfRecord.ELF_BITS);
    }

    byte[] buildIdBytes() {
        byte[] id = new byte[elf.bytes().getInt(ElfRecord.BUILD_ID_LENGTH)];
        elf.bytes().get(ElfRecord.BUILD_ID, id);
        return id;
    }

    /**
     * Returns the Go build ID.
     *
     * @return empty: the file has none
     */
    public Optional<String> goBuildId() {
        byte[] id = new byte[elf.bytes().getInt(ElfRecord.GO_BUILD_ID_LENGTH)];
        elf.bytes().get(ElfRecord.GO_BUILD_ID, id);
        return id.length == 0 ? Optional.empty() : Optional.of(new String(id, StandardCharsets.UTF_8));
    }

    /**
     * Returns the htlhash, which OpenTelemetry profiles use for files without a build ID. The first call reads 8 KiB of
     * the file.
     *
     * @return 32 lower-case hexadecimal digits; empty: the file was written to, or cannot be read, or was closed before
     *     the first call
     */
    public synchronized Optional<String> htlhash() {
        if (htlhash == null) {
            NativeMemory out = new NativeMemory(ElfRecord.HTLHASH_BYTES);
            if (bytes.htlhash(out) == 0 && bytes.isSurelyUnchanged()) {
                byte[] hash = new byte[ElfRecord.HTLHASH_BYTES];
                out.bytes().get(0, hash);
                htlhash = HexFormat.of().formatHex(hash);
            }
        }
        return Optional.ofNullable(htlhash);
    }

    /**
     * Finds the ELF address of an address in a mapping of this file. The rules are those of {@code mf_elf_address} in
     * mapfiles_symbols.h. If the pages of several segments cover the mapping, or none with its permissions does, and it
     * is a {@link MapCursor}, the other mappings of its snapshot decide first, by the rules of
     * {@code mf_elf_load_bias_among}. Allocates nothing.
     *
     * @param result receives the ELF address, and the status {@link SymbolInfo.Status#NO_SYMBOL} or
     *     {@link SymbolInfo.Status#NO_ELF_ADDRESS}
     * @return whether the ELF address is known
     * @throws IllegalArgumentException if the address is not in the mapping
     */
    public boolean elfAddress(Mapping mapping, long address, SymbolInfo result) {
        Objects.requireNonNull(mapping, "mapping");
        Objects.requireNonNull(result, "result");
        if (!mapping.contains(address)) {
            throw new IllegalArgumentException("the mapping does not cover 0x" + Long.toHexString(address));
        }
        NativeMemory out = result.symbol;
        if (LoadBias.findInSnapshot(elf, mapping, result.other, out)) {
            return result.setElfAddress(this, address - out.bytes().getLong(0));
        }
        int rc = NativeCalls.elfAddress(elf.address(), result.other.address(), address, out.address());
        elf.keepUntilHere();
        return rc == 0
                ? result.setElfAddress(this, out.bytes().getLong(0))
                : result.set(SymbolInfo.Status.NO_ELF_ADDRESS, this, 0);
    }

    /** Returns whether all of a mapping has one load bias, which is written to {@code out}. */
    boolean loadBias(ProcessMaps maps, Mapping mapping, NativeMemory out) throws MapsException {
        NativeMemory copy = new NativeMemory(MapRecord.SIZE);
        return LoadBias.findInSnapshot(elf, mapping, copy, out) || LoadBias.findNow(maps, elf, copy, out);
    }

    /** Finds what {@link #elfAddress} has not found for the same result, with the mappings that the process has now. */
    boolean elfAddressNow(ProcessMaps maps, long address, SymbolInfo result) throws MapsException {
        NativeMemory out = result.symbol;
        return LoadBias.findNow(maps, elf, result.other, out)
                ? result.setElfAddress(this, address - out.bytes().getLong(0))
                : result.set(SymbolInfo.Status.NO_ELF_ADDRESS, this, 0);
    }

    /**
     * Finds the symbol at an ELF address. The first search reads the symbols, which takes milliseconds for a large
     * library. Allocates nothing after that.
     *
     * @param elfAddress any 64-bit value
     * @param result receives the symbol, or why there is none
     * @return whether a symbol covers the address
     * @throws IllegalStateException if the {@link SymbolCache} is closed, or has closed this file and its symbols are
     *     not in memory
     * @throws UncheckedIOException if the symbols cannot be read; the next search tries again
     */
    public boolean find(long elfAddress, SymbolInfo result) {
        SymbolTable[] all = tables;
        if (all == null) {
            all = load();
        }
        if (lastUse != cache.time) { // threads that search the same file do not write all the time
            lastUse = cache.time;
        }
        SymbolTable best = null;
        NativeMemory at = result.symbol;
        for (SymbolTable table : all) {
            NativeMemory to = best == null ? result.symbol : result.other;
            // Of two symbols that cover the address, the one that begins last; else that of the first table.
            if (table.find(elfAddress, to)
                    && (best == null
                            || Long.compareUnsigned(
                                            to.bytes().getLong(ElfRecord.SYMBOL_ADDRESS),
                                            at.bytes().getLong(ElfRecord.SYMBOL_ADDRESS))
                                    > 0)) {
                best = table;
                at = to;
            }
        }
        Reference.reachabilityFence(all);
        return best == null ? result.set(missing(), this, elfAddress) : result.setFound(this, elfAddress, best, at);
    }

    private SymbolInfo.Status missing() {
        return isIncomplete ? SymbolInfo.Status.SYMBOLS_NOT_READ : SymbolInfo.Status.NO_SYMBOL;
    }

    /**
     * Opens the file that has the source lines: this file if it has them, or else a debug file, which is searched as
     * for symbols.
     *
     * @return empty: none was found, or the {@link SymbolCache} is closed, or has closed this file
     * @throws UncheckedIOException if descriptors or memory are used up
     */
    public Optional<LineFile> openLineFile() {
        if (!bytes.mayEnter()) {
            return Optional.empty();
        }
        try {
            if (DebugFiles.hasLines(bytes)) {
                return Optional.ofNullable(LineFile.of(bytes, SymbolInfo.Source.FILE_ITSELF));
            }
            return Optional.ofNullable(path == null ? null : new DebugFiles(process, path).findLines(this));
        } finally {
            bytes.leave();
        }
    }

    /**
     * Returns where the symbols come from. Reads them if no search has done so.
     *
     * @throws IllegalStateException as {@link #find}
     * @throws UncheckedIOException if they cannot be read
     */
    public List<SymbolInfo.Source> sources() {
        List<SymbolInfo.Source> sources = new ArrayList<>();
        SymbolTable[] all = tables;
        for (SymbolTable table : all == null ? load() : all) {
            sources.add(table.source());
        }
        return List.copyOf(sources);
    }

    /**
     * Returns the number of symbols. Reads them if no search has done so.
     *
     * @throws IllegalStateException as {@link #find}
     * @throws UncheckedIOException if they cannot be read
     */
    public int symbolCount() {
        int count = 0;
        SymbolTable[] all = tables;
        for (SymbolTable table : all == null ? load() : all) {
            count += table.symbolCount();
        }
        return count;
    }

    private SymbolTable[] load() {
        SymbolTable[] all;
        synchronized (this) {
            all = tables;
            if (all != null) {
                return all;
            }
            if (isClosed && !cache.isClosed()) {
                throw new IllegalStateException("the SymbolCache has closed this file, to open others: open it again");
            }
            all = readTables(cache.maximum());
            lastUse = cache.time;
            tables = all;
        }
        cache.loaded(this, sizeOf(all), countDescriptors(all));
        return all;
    }

    private int countDescriptors(SymbolTable[] all) {
        int count = bytes.memoryBytes() == 0 ? 1 : 0;
        for (SymbolTable table : all) {
            count += table.isDebugFile() ? 1 : 0;
        }
        return count;
    }

    /** Debug files are searched once: if the symbols are read again, only if one had been found. */
    private SymbolTable[] readTables(long maximum) {
        SymbolTable own = SymbolTable.read(null, bytes, elf, maximum);
        SymbolTable more = null;
        boolean isWhole = own != null && own.hasSymtab();
        if (!isWhole && !isWithoutDebugFile && path != null) {
            DebugFiles files = new DebugFiles(process, path);
            more = files.find(this, maximum);
            isWithoutDebugFile = more == null;
            hasUnreadDebugFile = more == null && files.hasUnread();
        }
        isIncomplete = more == null && (own == null || hasUnreadDebugFile);
        if (own == null || own.symbolCount() == 0) {
            return more == null ? NONE : new SymbolTable[] {more};
        }
        return more == null ? new SymbolTable[] {own} : new SymbolTable[] {own, more};
    }

    private static long sizeOf(SymbolTable[] all) {
        long size = 0;
        for (SymbolTable table : all) {
            size += table.size();
        }
        return size;
    }

    /**
     * Releases the symbols; the next search reads them again. Holders keep what they have.
     *
     * @return what was released
     */
    SymbolTable[] unload() {
        SymbolTable[] all = tables;
        tables = null;
        return all == null ? NONE : all;
    }

    /** Returns whether the cache has closed the file. */
    boolean isClosed() {
        return isClosed;
    }

    /** Closes the file and its debug files. */
    void close() {
        isClosed = true;
        SymbolTable[] all = tables;
        tables = null;
        bytes.run();
        for (int i = 0; all != null && i < all.length; i++) {
            all[i].close();
        }
    }

    /**
     * Returns whether the file has compressed symbols ({@code .gnu_debugdata}) that were not read, because
     * {@code org.tukaani.xz} is not on the module path or class path. Reads the symbols if no search has done so.
     *
     * @throws IllegalStateException as {@link #find}
     * @throws UncheckedIOException if they cannot be read
     */
    public boolean isMiniDebugInfoUnread() {
        if (tables == null) {
            load();
        }
        return isMiniDebugInfoUnread;
    }

    void setMiniDebugInfoUnread() {
        isMiniDebugInfoUnread = true;
    }

    @Override
    public String toString() {
        return "ElfFile[" + buildId().map(id -> "build ID " + id).orElse("no build ID") + ", " + size() + " bytes]";
    }
}
