package org.mapfiles.symbols;

/** What a symbol is. Constants have the order of {@code enum mf_symbol_kind}. */
public enum SymbolKind {
    /** A function; or a symbol without a type in executable code that is global or has a size, as in assembler code. */
    FUNCTION,
    /** A function that returns the address of the function to use (STT_GNU_IFUNC). */
    IFUNC,
    /** A variable. */
    OBJECT,
    /** An entry of the procedure linkage table, which jumps to a function of any file. Its name ends in {@code @plt}. */
    PLT;

    private static final SymbolKind[] BY_CODE = values();

    static SymbolKind ofCode(int code) {
        return BY_CODE[code];
    }
}
