package org.mapfiles.symbols;

import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeMemory;

/**
 * A reusable holder of the symbol that {@link Symbols#find} or {@link ElfFile#find} found at an address.
 *
 * <p>Reading allocates nothing, with one exception: the first call of {@link #name()} for a symbol reads the name from
 * the file.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time.
 *
 * <p>The methods that describe a symbol throw {@link IllegalStateException} unless {@link #status()} is
 * {@link Status#FOUND}.
 */
public final class SymbolInfo {
    /** Why a search has a symbol or has none. */
    public enum Status {
        /** A symbol covers the address. */
        FOUND,
        /** The ELF address is known, but no symbol covers it. */
        NO_SYMBOL,
        /**
         * The ELF address is known, but not all symbols of the file could be read: they exceed the maximum of the
         * {@link SymbolCache} or another limit, or are malformed. A symbol may cover the address.
         */
        SYMBOLS_NOT_READ,
        /**
         * The file is an ELF file, but no segment of it fits the mapping, or several do: the ELF address is unknown.
         */
        NO_ELF_ADDRESS,
        /** The mapping has no file and is not the vdso. */
        NO_FILE,
        /** The mapped file is no ELF program or library, is malformed, has the other byte order, or exceeds a limit. */
        NO_ELF_FILE,
        /**
         * The file cannot be opened or read, or cannot be verified to be the mapped one; see
         * {@link org.mapfiles.files.MapFiles#open(Mapping)}.
         */
        NOT_OPENED
    }

    /** What a symbol is. Constants have the order of {@code enum mf_symbol_kind}. */
    public enum Kind {
        /**
         * A function; or a symbol without a type in executable code that is global or has a size, as in assembler code.
         */
        FUNCTION,
        /** A function that returns the address of the function to use (STT_GNU_IFUNC). */
        IFUNC,
        /** A variable. */
        OBJECT,
        /**
         * An entry of the procedure linkage table, which jumps to a function of any file. Its name ends in
         * {@code @plt}.
         */
        PLT;

        private static final Kind[] BY_CODE = values();

        static Kind ofCode(int code) {
            return BY_CODE[code];
        }
    }

    /** Where the symbols of a file come from, in the order in which they are searched. */
    public enum Source {
        /**
         * The file itself that is mapped, or that was opened by its path or build ID: its {@code .symtab}, its
         * {@code .dynsym}, and its procedure linkage table.
         */
        FILE_ITSELF,
        /** A file named by the build ID, below {@code /usr/lib/debug/.build-id}, with the same build ID. */
        DEBUG_FILE,
        /**
         * The file that {@code .gnu_debuglink} names, with the same build ID; if the mapped file has none, with the CRC
         * of the link.
         */
        DEBUG_LINK,
        /** {@code .gnu_debugdata} of the mapped file: a compressed file. Needs {@code org.tukaani:xz}. */
        MINI_DEBUG_INFO,
        /** A file that debuginfod has downloaded to its local cache. mapfiles downloads nothing. */
        DEBUGINFOD_CACHE
    }

    final NativeMemory symbol = new NativeMemory(ElfRecord.SIZE_OF_SYMBOL);
    /** For a second table, and for a mapping. */
    final NativeMemory other = new NativeMemory(Math.max(ElfRecord.SIZE_OF_SYMBOL, MapRecord.SIZE));
    /** For names; null: none was read yet. */
    private @Nullable NativeMemory nameMemory;

    /**
     * Why there is no table; without a table and null: no search yet. If there is a table, this is of an earlier
     * search. A constant for a success would load the class of the enum.
     */
    private @Nullable Status reason;

    private @Nullable ElfFile file;
    private @Nullable SymbolTable table;
    private @Nullable NativeMemory found;
    private long elfAddress;

    /** Constructs a holder without a result. */
    public SymbolInfo() {}

    boolean set(Status why, @Nullable ElfFile ofFile, long atElfAddress) {
        reason = why;
        file = ofFile;
        table = null;
        elfAddress = atElfAddress;
        return false;
    }

    /** Returns true: the ELF address is known. */
    boolean setElfAddress(ElfFile ofFile, long atElfAddress) {
        set(Status.NO_SYMBOL, ofFile, atElfAddress);
        return true;
    }

    boolean setFound(ElfFile ofFile, long atElfAddress, SymbolTable from, NativeMemory memory) {
        file = ofFile;
        elfAddress = atElfAddress;
        table = from;
        found = memory;
        return true;
    }

    /** Returns why there is a symbol or none. Before the first search it is {@link Status#NO_FILE}. */
    public Status status() {
        if (table != null) {
            return Status.FOUND;
        }
        return reason == null ? Status.NO_FILE : reason;
    }

    /** Returns the file that the address belongs to; null: there is none, or it was not opened. */
    public @Nullable ElfFile file() {
        return file;
    }

    /** Returns whether {@link #elfAddress()} is known. */
    public boolean hasElfAddress() {
        return table != null || reason == Status.NO_SYMBOL || reason == Status.SYMBOLS_NOT_READ;
    }

    /**
     * Returns the ELF address of the searched address: what {@code addr2line} and {@code nm} use.
     *
     * @throws IllegalStateException if it is unknown: {@link #hasElfAddress()} is false
     */
    public long elfAddress() {
        if (!hasElfAddress()) {
            throw new IllegalStateException("the ELF address is unknown: " + status());
        }
        return elfAddress;
    }

    /**
     * Returns the name of the symbol, as it is in the file: not demangled, in some files with a version such as
     * {@code memcpy@@GLIBC_2.14}. The first call for a symbol reads it from the file and allocates.
     *
     * @return null if the name cannot be read any more: the file was truncated, or the {@link SymbolCache} is closed or
     *     has closed the file, because other files were used since
     */
    public @Nullable String name() {
        check();
        return table.name(found, this);
    }

    /** Returns memory for a name, which later names of this holder use again. */
    NativeMemory nameMemory() {
        nameMemory = nameMemory == null ? new NativeMemory(SymbolTable.FIRST_ROOM) : nameMemory;
        return nameMemory;
    }

    /**
     * Returns the distance of the searched address from the beginning of the symbol.
     *
     * @return in bytes, below {@link #size()}
     */
    public long offset() {
        return elfAddress - address();
    }

    /** Returns the ELF address of the first byte of the symbol. */
    public long address() {
        check();
        return found.bytes().getLong(ElfRecord.SYMBOL_ADDRESS);
    }

    /**
     * Returns the size of the symbol.
     *
     * @return in bytes, above 0. If {@link #isSizeKnown()} is false: up to the next symbol, or the end of the section
     */
    public long size() {
        check();
        return found.bytes().getLong(ElfRecord.SYMBOL_SIZE);
    }

    /** Returns whether the symbol table has the size of the symbol. Assembler code often has none. */
    public boolean isSizeKnown() {
        check();
        return (found.bytes().getInt(ElfRecord.SYMBOL_FLAGS) & ElfRecord.UNSIZED) == 0;
    }

    /** Returns what the symbol is. */
    public Kind kind() {
        check();
        return Kind.ofCode(found.bytes().getInt(ElfRecord.SYMBOL_KIND));
    }

    /** Returns the file that has the symbol. */
    public Source source() {
        check();
        return table.source();
    }

    private void check() {
        if (table == null) {
            throw new IllegalStateException("no symbol was found: " + status());
        }
    }

    /** Returns the name and offset, such as {@code malloc + 0x14}; or the status. */
    @Override
    public String toString() {
        return table != null ? name() + " + 0x" + Long.toHexString(offset()) : status().toString();
    }
}
