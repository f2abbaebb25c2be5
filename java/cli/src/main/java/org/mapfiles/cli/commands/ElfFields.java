package org.mapfiles.cli.commands;

import java.io.IOException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The option for the identity of ELF files, and its fields. Each file of a chunk of mappings is opened once. Without
 * the option the methods do nothing.
 */
final class ElfFields implements AutoCloseable {
    /** Maximum number of files that are open at the same time. */
    private static final int MAX_OPEN = 64;

    @Option(
            names = "--elf",
            description = "With --json: also the ELF address, the build ID and the hash of each ELF file. Opens each"
                    + " mapped file.")
    private boolean hasElf;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** @param elf null: it is no ELF file, or it cannot be opened */
    private record File(ElfFile elf) {}

    private final SymbolInfo info = new SymbolInfo();
    private final SymbolInfo unknown = new SymbolInfo();
    private ProcessMaps maps;
    private File[] ofChunk = {};
    private SymbolCache cache;
    private Symbols symbols;
    private int open;

    /** Fails if the option is used without --json. */
    void check(boolean isJson) {
        if (hasElf && !isJson) {
            throw new ParameterException(spec.commandLine(), "--elf needs --json");
        }
    }

    /** Begins a chunk of the mappings. File indices are valid within one chunk. */
    void beginChunk(ProcessMaps process, MapSnapshot chunk) {
        maps = process;
        ofChunk = new File[hasElf ? chunk.fileCount() : 0];
    }

    /** Writes the fields of a row. */
    JsonLines json(JsonLines lines, MapCursor mapping) throws IOException {
        if (!hasElf) {
            return lines;
        }
        ElfFile file = file(mapping);
        boolean isKnown = file != null && file.elfAddress(mapping, mapping.start(), info);
        return lines.elfFile(isKnown ? info : unknown, file);
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
        }
    }
}
