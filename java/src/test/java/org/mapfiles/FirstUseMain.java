package org.mapfiles;

import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MappedFile;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/** Uses the library as a program does at its start: a snapshot, an address, live mappings, its file and its symbol. */
final class FirstUseMain {
    private FirstUseMain() {}

    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            MapSnapshot snapshot = maps.snapshot();
            MapCursor mapping = snapshot.cursor();
            while (mapping.next() && !(mapping.isExecutable() && mapping.isFileBacked())) {
                continue;
            }
            int found = snapshot.find(mapping.start());
            try (LiveMaps live = LiveMaps.of(maps).start()) {
                System.out.println("live " + live.reader().resolve(mapping.start()));
            }
            try (MappedFile file = MapFiles.of(maps).open(mapping)) {
                SymbolInfo info = new SymbolInfo();
                Symbols.of(maps, cache).find(mapping, mapping.end() - 1, info);
                System.out.println(
                        "address " + (found >= 0) + ", file " + file.verification() + ", symbol " + info.status());
            }
        }
    }
}
