package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.Mapping;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolInfo;

/**
 * The symbols at the addresses of a saved file. They are read from the file at the path of a mapping if it is the
 * mapped file, or else from any file with the build ID that was recorded. Each file is checked once.
 */
public final class SavedSymbols {
    private static final int MAX_ATTEMPTS = 2;
    /** The file index of the vdso, which has none. */
    private static final int VDSO = -1;

    private final SavedMaps saved;
    private final Map<Integer, Entry> byFile = new HashMap<>();
    private final SymbolInfo info = new SymbolInfo();
    private final SymbolInfo none = new SymbolInfo();

    /**
     * A file of the saved mappings.
     *
     * @param check null: the vdso
     * @param recorded build ID in hexadecimal; null: none was recorded
     * @param file null: no file is known to have its symbols
     */
    private record Entry(String name, FileCheck check, String recorded, ElfFile file) {}

    public SavedSymbols(SavedMaps saved) {
        this.saved = saved;
    }

    /** Returns whether the file of a mapping is still the same; null if the mapping has no file. */
    FileCheck check(MapCursor mapping) {
        return mapping == null || !mapping.isFileBacked() ? null : entry(mapping).check;
    }

    /** Returns whether symbols of the file of a mapping are not read because no file is known to be the same. */
    boolean isUnverified(MapCursor mapping) {
        FileCheck check = check(mapping);
        return check != null && check.result() != FileCheck.Result.SAME && entry(mapping).file == null;
    }

    /** Returns the build ID of a check in hexadecimal; null if it is unknown, or for null. */
    static String buildId(FileCheck check) {
        return check == null
                ? null
                : check.buildId().map(HexFormat.of()::formatHex).orElse(null);
    }

    /** Returns the symbol at an address in a mapping. The result is valid until the next call. */
    SymbolInfo find(MapCursor mapping, long address) {
        boolean mayBeElf = mapping.isFileBacked() || mapping.kind() == Mapping.Kind.VDSO;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && mayBeElf; attempt++) {
            ElfFile file = entry(mapping).file;
            if (file == null) {
                return none;
            }
            try {
                if (file.elfAddress(mapping, address, info)) {
                    file.find(info.elfAddress(), info);
                }
                return info;
            } catch (IllegalStateException e) { // the cache has closed the file, to open others
                byFile.remove(index(mapping));
            } catch (UncheckedIOException e) { // it cannot be read, or descriptors or memory are used up
                return none;
            }
        }
        return none;
    }

    /** Returns how many of the files that were searched have each reason why their symbols are not used. */
    public Map<String, UnnamedFiles> unverified() {
        Map<String, UnnamedFiles> byReason = new LinkedHashMap<>();
        boolean lacksBuildIds = saved.crash().isEmpty() && !hasBuildIds();
        for (Entry entry : byFile.values()) {
            if (entry.file == null && entry.check != null && entry.check.result() != FileCheck.Result.SAME) {
                byReason.merge(
                        entry.check.reason(),
                        new UnnamedFiles(entry.name, 1, remedy(entry, lacksBuildIds)),
                        UnnamedFiles::and);
            }
        }
        return byReason;
    }

    /** Returns what names the functions of a file; null: nothing is known. */
    private static String remedy(Entry entry, boolean lacksBuildIds) {
        if (entry.recorded != null) {
            return "install the debug file with the build ID " + entry.recorded;
        }
        return lacksBuildIds ? "'mapfiles save' records build IDs" : null;
    }

    /** Returns whether build IDs were recorded. A file without one has none then, or it was unknown. */
    private boolean hasBuildIds() {
        for (MapCursor mapping = saved.snapshot().cursor(); mapping.next(); ) {
            if (mapping.isFileBacked() && saved.recordedBuildId(mapping).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private static int index(MapCursor mapping) {
        return mapping.isFileBacked() ? mapping.fileIndex() : VDSO;
    }

    private Entry entry(MapCursor mapping) {
        Entry known = byFile.get(index(mapping));
        if (known == null) {
            known = mapping.isFileBacked() ? read(mapping) : new Entry("[vdso]", null, null, vdso());
            byFile.put(index(mapping), known);
        }
        return known;
    }

    private Entry read(MapCursor mapping) {
        FileCheck check = saved.check(mapping);
        String recorded =
                saved.recordedBuildId(mapping).map(HexFormat.of()::formatHex).orElse(null);
        ElfFile file = check.result() == FileCheck.Result.SAME ? open(mapping, check) : null;
        if (file == null && recorded != null) {
            file = openReinstalled(mapping.name(), recorded);
        }
        if (file == null && recorded != null) {
            file = openByBuildId(recorded);
        }
        return new Entry(FileName.withoutQuery(mapping).display(), check, recorded, file);
    }

    /** Opens the file that was installed again at the path of a deleted file; null: there is none with the build ID. */
    private static ElfFile openReinstalled(String name, String buildId) {
        String path = FileName.withoutSuffix(name);
        if (path.equals(name)) {
            return null;
        }
        try {
            ElfFile file = AddressSymbols.CACHE.open(Path.of(path));
            return buildId.equals(file.buildId().orElse(null)) ? file : null;
        } catch (IOException | InvalidPathException e) { // no ELF file, or it may not be read
            return null;
        }
    }

    private static ElfFile openByBuildId(String buildId) {
        try {
            return AddressSymbols.CACHE.openByBuildId(buildId).orElse(null);
        } catch (IOException | UncheckedIOException e) { // descriptors or memory are used up
            return null;
        }
    }

    private ElfFile vdso() {
        try {
            return saved.vdso().isEmpty()
                    ? null
                    : AddressSymbols.CACHE.openCopy(saved.vdso().get());
        } catch (IOException e) { // no ELF file
            return null;
        }
    }

    /** The path may lead to another file since the check, so the build ID is compared, and the file checked again. */
    private ElfFile open(MapCursor mapping, FileCheck check) {
        try {
            ElfFile file = AddressSymbols.CACHE.open(Path.of(mapping.name()));
            String buildId = buildId(check);
            boolean hasBuildId =
                    buildId == null || buildId.equals(file.buildId().orElse(null));
            return hasBuildId && saved.check(mapping).result() == FileCheck.Result.SAME ? file : null;
        } catch (IOException e) { // no ELF file, or it may not be read
            return null;
        }
    }
}
