package org.mapfiles.symbols;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.FailingCalls;

/**
 * Maps a page of a file as data, and searches its address, whose ELF address is unknown. Prints the status of the first
 * search, and the number of system calls of later ones.
 */
final class UnknownElfAddressMain {
    static final int SEARCHES = 1_000;
    private static final long PAGE = 4096;

    private UnknownElfAddressMain() {}

    public static void main(String[] arguments) throws Exception {
        Path path = Path.of(arguments[0]);
        long offset = Long.parseLong(arguments[1]);
        try (FileChannel file = FileChannel.open(path);
                ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            MappedByteBuffer page = file.map(FileChannel.MapMode.READ_ONLY, offset & -PAGE, PAGE);
            FailingCalls.prepare();
            MapCursor mapping = maps.snapshot().cursor();
            while (mapping.next() && !path.toString().equals(mapping.name())) {
                continue;
            }
            Symbols symbols = Symbols.of(maps, cache);
            SymbolInfo info = new SymbolInfo();
            symbols.locate(mapping, mapping.start(), info);
            System.out.print(info.status());
            FailingCalls.begin(0, 1);
            for (int i = 0; i < SEARCHES; i++) {
                symbols.locate(mapping, mapping.start(), info);
            }
            System.out.println(" " + FailingCalls.end() + " " + page.get(0));
        }
    }
}
