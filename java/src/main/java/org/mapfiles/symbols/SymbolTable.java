package org.mapfiles.symbols;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;

/**
 * The index of the symbols of one file, and the names that were read. Thread-safe: names are immutable, and races read
 * a name twice.
 */
final class SymbolTable {
    private static final int MAX_ATTEMPTS = 8;

    /** Bytes that the names of nearly all symbols fit into. */
    static final int FIRST_ROOM = 256;
    /** The names of C++ have up to some thousand bytes. */
    private static final int MAX_NAME = 1 << 20;
    /**
     * Building takes about twice the memory of the index, more in files whose tables have many symbols that are not
     * used.
     */
    private static final int BUILD_FACTOR = 2;

    private static final int BUILD_EXTRA = 1 << 20;
    /** Names of one block. */
    private static final int BLOCK = 1 << 8;

    /** Null: the file itself. A constant of the enum would load the class even if the source is not read. */
    private final SymbolInfo.@Nullable Source debugFile;

    private final ElfBytes bytes;
    private final NativeMemory index;
    /** In blocks, which are made when a name of them is read: most names of a large file never are. */
    private final @Nullable String @Nullable [][] names;

    private SymbolTable(SymbolInfo.@Nullable Source debugFile, ElfBytes bytes, NativeMemory index) {
        this.debugFile = debugFile;
        this.bytes = bytes;
        this.index = index;
        this.names = new String[(index.bytes().getInt(ElfRecord.INDEX_COUNT) + BLOCK - 1) / BLOCK][];
    }

    /**
     * Reads the index of a file.
     *
     * @param debugFile what the file is; null: the file itself
     * @param maximum of its size in bytes
     * @return null: the file is malformed, or the index exceeds the maximum
     * @throws ElfReadException if the file cannot be read
     */
    static @Nullable SymbolTable read(
            SymbolInfo.@Nullable Source debugFile, ElfBytes bytes, NativeMemory elf, long maximum) {
        NativeMemory index = null;
        NativeMemory head = new NativeMemory(ElfRecord.SIZE_OF_INDEX_HEAD);
        int rc = bytes.readSymbols(elf, head.address(), head.size());
        // More than two attempts are needed only if the file is written to.
        for (int attempt = 0; rc == Errno.ENOBUFS && attempt < MAX_ATTEMPTS; attempt++) {
            long needed = head.bytes().getLong(ElfRecord.INDEX_NEEDED);
            if (needed > buildMaximum(maximum)) {
                return null;
            }
            // An index takes half of the memory that it is built in, so it is built elsewhere.
            long scratch = NativeCalls.scratchMap(needed);
            if (scratch == 0) {
                throw new OutOfMemoryError("memory to sort symbols");
            }
            try {
                rc = bytes.readSymbols(elf, scratch, needed);
                NativeCalls.copyMemory(scratch, head.address(), head.size());
                long size = head.bytes().getLong(ElfRecord.INDEX_BYTES);
                if (rc == 0 && size <= maximum) {
                    index = new NativeMemory((int) size);
                    NativeCalls.copyMemory(scratch, index.address(), size);
                }
            } finally {
                NativeCalls.scratchUnmap(scratch, needed);
            }
        }
        head.keepUntilHere();
        if (ElfBytes.isReadFailure(rc)) {
            throw ElfReadException.of(rc);
        }
        if (index == null) {
            return null;
        }
        index.keepUntilHere();
        if (!bytes.isUnchanged()) { // it was written to meanwhile
            return null;
        }
        SymbolTable table = new SymbolTable(debugFile, bytes, index);
        if (debugFile != null) {
            bytes.closeWith(table);
        }
        return table;
    }

    /** Returns the maximum of the memory for building an index, in bytes. It is one buffer, so below 2 GiB. */
    private static long buildMaximum(long maximum) {
        long one = Math.min(maximum, Integer.MAX_VALUE); // the factor must not overflow
        return Math.min(BUILD_FACTOR * one + BUILD_EXTRA, Integer.MAX_VALUE - 1024);
    }

    SymbolInfo.Source source() {
        return debugFile == null ? SymbolInfo.Source.FILE_ITSELF : debugFile;
    }

    boolean hasSymtab() {
        return (index.bytes().getInt(ElfRecord.INDEX_FLAGS) & ElfRecord.HAS_SYMTAB) != 0;
    }

    int symbolCount() {
        return index.bytes().getInt(ElfRecord.INDEX_SYMBOLS);
    }

    /** Returns the memory that the table takes, without names, in bytes. */
    long size() {
        return index.size() + 4L * BLOCK * names.length + bytes.memoryBytes();
    }

    /** Returns whether the table holds a descriptor of its own. */
    boolean isDebugFile() {
        return debugFile != null && bytes.memoryBytes() == 0;
    }

    boolean find(long elfAddress, NativeMemory symbol) {
        int rc = NativeCalls.symbolsFind(index.address(), elfAddress, symbol.address());
        index.keepUntilHere();
        return rc == 0;
    }

    /**
     * Returns the name of a symbol; null: it cannot be read.
     *
     * @param holder has memory for a name that was not read yet
     */
    @Nullable
    String name(NativeMemory symbol, SymbolInfo holder) {
        int id = symbol.bytes().getInt(ElfRecord.SYMBOL_ID);
        String[] block = names[id / BLOCK];
        String name = block == null ? null : block[id % BLOCK];
        if (name == null) {
            name = readName(symbol, holder.nameMemory());
            if (block == null) {
                block = new String[BLOCK];
                names[id / BLOCK] = block;
            }
            block[id % BLOCK] = name;
        }
        return name;
    }

    private @Nullable String readName(NativeMemory symbol, NativeMemory memory) {
        String name = readText(symbol, memory);
        return bytes.isSurelyUnchanged() ? name : null; // a file that is written to may have other names
    }

    private @Nullable String readText(NativeMemory symbol, NativeMemory memory) {
        NativeMemory to = memory;
        while (true) {
            int length = bytes.name(index, symbol, to);
            if (length >= 0) {
                byte[] name = new byte[length];
                to.bytes().get(0, name);
                return new String(name, StandardCharsets.UTF_8);
            }
            if (length != Errno.ENAMETOOLONG || to.size() >= MAX_NAME) {
                return null;
            }
            to = new NativeMemory(16 * to.size());
        }
    }

    /** Returns the file of the names: they are read when they are asked for. */
    ElfBytes bytes() {
        return bytes;
    }

    /** Closes the descriptor of a debug file. */
    void close() {
        bytes.run();
    }
}
