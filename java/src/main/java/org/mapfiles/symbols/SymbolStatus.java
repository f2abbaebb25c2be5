package org.mapfiles.symbols;

/** Why a search has a symbol or has none. */
public enum SymbolStatus {
    /** A symbol covers the address. */
    FOUND,
    /** The ELF address is known, but no symbol covers it. */
    NO_SYMBOL,
    /** The file is an ELF file, but no segment of it fits the mapping, or several do: the ELF address is unknown. */
    NO_ELF_ADDRESS,
    /** The mapping has no file and is not the vdso. */
    NO_FILE,
    /** The mapped file is no ELF program or library, is malformed, has the other byte order, or exceeds a limit. */
    NO_ELF_FILE,
    /** The file cannot be opened, or cannot be verified to be the mapped one; see {@link org.mapfiles.files.MapFiles#open}. */
    NOT_OPENED
}
