package org.mapfiles.cli.commands;

import java.io.IOException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;
import picocli.CommandLine.Option;

/**
 * The option for the identity of ELF files, and its fields. Each file of a chunk of mappings is opened once. Without
 * the option the methods do nothing.
 */
final class ElfFields implements AutoCloseable {
    /** Maximum number of files that are open at the same time. */
    private static final int MAX_OPEN = 64;

    @Option(names = "--elf", description = "With --json: ELF address, build ID, hash; opens each file.")
    private boolean hasElf;

    /** @param elf null: it is no ELF file, or it cannot be opened */
    private record File(ElfFile elf) {}

    /**
     * The identity of the file of a mapping. It can be kept when the file is closed.
     *
     * @param start the ELF address of the start of the mapping, or why it is unknown
     * @param file null: it is no ELF file, or it cannot be opened
     */
    record Identity(SymbolInfo start, ElfFile file) {
        static final Identity UNKNOWN = new Identity(new SymbolInfo(), null);
    }

    private ProcessMaps maps;
    private File[] ofChunk = {};
    private SymbolCache cache;
    private Symbols symbols;
    private int open;

    boolean isUsed() {
        return hasElf;
    }

    /** Fails if the option is used without --json. */
    void check(boolean isJson) {
        if (hasElf && !isJson) {
            throw new UsageException("--elf needs --json");
        }
    }

    /** Begins a chunk of the mappings. File indices are valid within one chunk. */
    void beginChunk(ProcessMaps process, MapSnapshot chunk) {
        if (process != maps) {
            close();
        }
        maps = process;
        ofChunk = new File[hasElf ? chunk.fileCount() : 0];
    }

    /** Returns the identity of the file of a mapping of this chunk. */
    Identity of(MapCursor mapping) throws MapsException {
        ElfFile file = hasElf ? file(mapping) : null;
        if (file == null) {
            return Identity.UNKNOWN;
        }
        SymbolInfo start = new SymbolInfo();
        boolean isKnown = file.elfAddress(mapping, mapping.start(), start)
                || symbols.locate(mapping, mapping.start(), start); // other mappings may be in another chunk
        return isKnown ? new Identity(start, file) : new Identity(Identity.UNKNOWN.start, file);
    }

    /** Writes the fields of a row. */
    JsonLines json(JsonLines lines, Identity identity) throws IOException {
        return hasElf ? lines.elfFile(identity.start, identity.file) : lines;
    }

    private ElfFile file(MapCursor mapping) throws MapsException {
        int index = mapping.fileIndex();
        if (index < 0) { // the vdso is the only one that is an ELF file
            return mapping.kind() == Mapping.Kind.VDSO ? read(mapping) : null;
        }
        if (ofChunk[index] == null) {
            ofChunk[index] = new File(read(mapping));
        }
        return ofChunk[index].elf;
    }

    /** Reads the file, with the facts that need it to be open. The facts stay when the cache is closed. */
    private ElfFile read(MapCursor mapping) throws MapsException {
        if (cache == null || open == MAX_OPEN) {
            close();
            cache = SymbolCache.ofBytes(1);
            symbols = Symbols.of(maps, cache);
            open = 0;
        }
        open++;
        ElfFile file = symbols.file(mapping).orElse(null);
        if (file != null) {
            file.htlhash();
        }
        return file;
    }

    @Override
    public void close() {
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }
}
