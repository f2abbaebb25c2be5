package org.mapfiles.symbols;

/** Where the symbols of a file come from, in the order in which they are searched. */
public enum SymbolSource {
    /** The mapped file itself: its {@code .symtab}, its {@code .dynsym}, and its procedure linkage table. */
    MAPPED_FILE,
    /** A file named by the build ID, below {@code /usr/lib/debug/.build-id}, with the same build ID. */
    DEBUG_FILE,
    /** The file that {@code .gnu_debuglink} names, with the same build ID; if the mapped file has none, with the CRC of the link. */
    DEBUG_LINK,
    /** {@code .gnu_debugdata} of the mapped file: a compressed file. Needs {@code org.tukaani:xz}. */
    MINI_DEBUG_INFO,
    /** A file that debuginfod has downloaded to its local cache. mapfiles downloads nothing. */
    DEBUGINFOD_CACHE
}
