package org.mapfiles.cli.output;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolInfo;

/**
 * The symbols at the addresses of a saved file. They are read from the file at the path of a mapping if it is the
 * mapped file. Each file is checked once.
 */
public final class SavedSymbols {
    private static final int MAX_ATTEMPTS = 2;

    private final SavedMaps saved;
    private final Map<Integer, Entry> byFile = new HashMap<>();
    private final SymbolInfo info = new SymbolInfo();
    private final SymbolInfo none = new SymbolInfo();

    /** @param file null: it is not the same, or cannot be opened, or is no ELF file */
    private record Entry(String name, FileCheck check, ElfFile file) {}

    public SavedSymbols(SavedMaps saved) {
        this.saved = saved;
    }

    /** Returns whether the file of a mapping is still the same; null if the mapping has no file. */
    FileCheck check(MapCursor mapping) {
        return mapping == null || !mapping.isFileBacked() ? null : entry(mapping).check;
    }

    /** Returns the build ID of a check in hexadecimal; null if it is unknown, or for null. */
    static String buildId(FileCheck check) {
        return check == null
                ? null
                : check.buildId().map(HexFormat.of()::formatHex).orElse(null);
    }

    /** Returns the symbol at an address in a mapping. The result is valid until the next call. */
    SymbolInfo find(MapCursor mapping, long address) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS && mapping.isFileBacked(); attempt++) {
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
                byFile.remove(mapping.fileIndex());
            }
        }
        return none;
    }

    /** Returns how many of the files that were searched have each reason why their symbols are not used. */
    public Map<String, Unverified> unverified() {
        Map<String, Unverified> byReason = new LinkedHashMap<>();
        for (Entry entry : byFile.values()) {
            if (entry.check.result() != FileCheck.Result.SAME) {
                String reason = JsonLines.constant(entry.check.result()) + ": " + entry.check.reason();
                byReason.merge(reason, new Unverified(entry.name, 1), Unverified::and);
            }
        }
        return byReason;
    }

    /**
     * Files whose symbols are not used.
     *
     * @param name of one of them
     * @param count of files
     */
    public record Unverified(String name, int count) {
        private Unverified and(Unverified other) {
            return new Unverified(name.compareTo(other.name) <= 0 ? name : other.name, count + other.count);
        }

        @Override
        public String toString() {
            return name + (count == 1 ? "" : " and " + (count - 1) + (count == 2 ? " more file" : " more files"));
        }
    }

    private Entry entry(MapCursor mapping) {
        Entry known = byFile.get(mapping.fileIndex());
        if (known == null) {
            FileCheck check = saved.check(mapping);
            ElfFile file = check.result() == FileCheck.Result.SAME ? open(mapping, check) : null;
            known = new Entry(FileName.withoutQuery(mapping).display(), check, file);
            byFile.put(mapping.fileIndex(), known);
        }
        return known;
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
