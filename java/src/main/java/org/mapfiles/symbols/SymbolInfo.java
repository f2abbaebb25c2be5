package org.mapfiles.symbols;

import org.mapfiles.internal.NativeMemory;

/**
 * A reusable holder of the symbol that {@link Symbols#find} or {@link ElfFile#find} found at an address.
 *
 * <p>Reading allocates nothing, with one exception: the first call of {@link #name()} for a symbol reads the name from the file.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time.
 *
 * <p>The methods that describe a symbol throw {@link IllegalStateException} unless {@link #status()} is {@link SymbolStatus#FOUND}.
 */
public final class SymbolInfo {
    final NativeMemory symbol = new NativeMemory(ElfRecord.SIZE_OF_SYMBOL);
    /** For a second table, and for an ELF address. */
    final NativeMemory other = new NativeMemory(ElfRecord.SIZE_OF_SYMBOL);

    private SymbolStatus status = SymbolStatus.NO_FILE;
    private ElfFile file;
    private SymbolTable table;
    private NativeMemory found;
    private long elfAddress;

    /** Constructs a holder without a result. */
    public SymbolInfo() {
    }

    boolean set(SymbolStatus reason, ElfFile ofFile, long atElfAddress) {
        status = reason;
        file = ofFile;
        table = null;
        elfAddress = atElfAddress;
        return false;
    }

    boolean setFound(ElfFile ofFile, long atElfAddress, SymbolTable from, NativeMemory memory) {
        status = SymbolStatus.FOUND;
        file = ofFile;
        elfAddress = atElfAddress;
        table = from;
        found = memory;
        return true;
    }

    /** Returns why there is a symbol or none. Before the first search it is {@link SymbolStatus#NO_FILE}. */
    public SymbolStatus status() {
        return status;
    }

    /** Returns the file that the address belongs to; null: there is none, or it was not opened. */
    public ElfFile file() {
        return file;
    }

    /** Returns whether {@link #elfAddress()} is known. */
    public boolean hasElfAddress() {
        return status == SymbolStatus.FOUND || status == SymbolStatus.NO_SYMBOL;
    }

    /**
     * Returns the ELF address of the searched address: what {@code addr2line} and {@code nm} use.
     *
     * @throws IllegalStateException if it is unknown: {@link #hasElfAddress()} is false
     */
    public long elfAddress() {
        if (!hasElfAddress()) {
            throw new IllegalStateException("the ELF address is unknown: " + status);
        }
        return elfAddress;
    }

    /**
     * Returns the name of the symbol, as it is in the file: not demangled, in some files with a version such as
     * {@code memcpy@@GLIBC_2.14}. The first call for a symbol reads it from the file and allocates.
     *
     * @return null if the name cannot be read any more: the file was truncated, or the {@link SymbolCache} is closed
     */
    public String name() {
        check();
        return table.name(found);
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
    public SymbolKind kind() {
        check();
        return SymbolKind.ofCode(found.bytes().getInt(ElfRecord.SYMBOL_KIND));
    }

    /** Returns the file that has the symbol. */
    public SymbolSource source() {
        check();
        return table.source;
    }

    private void check() {
        if (status != SymbolStatus.FOUND) {
            throw new IllegalStateException("no symbol was found: " + status);
        }
    }

    /** Returns the name and offset, such as {@code malloc + 0x14}; or the status. */
    @Override
    public String toString() {
        return status == SymbolStatus.FOUND ? name() + " + 0x" + Long.toHexString(offset()) : status.toString();
    }
}
