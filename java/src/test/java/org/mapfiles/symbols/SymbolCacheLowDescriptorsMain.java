package org.mapfiles.symbols;

import java.nio.file.Path;
import org.mapfiles.testing.Descriptors;

/** Opens files of a directory by a cache, and prints how many of them were open at most. */
final class SymbolCacheLowDescriptorsMain {
    private SymbolCacheLowDescriptorsMain() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int files = Integer.parseInt(arguments[1]);
        int most = 0;
        try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            for (int i = 0; i < files; i++) {
                cache.open(directory.resolve("copy" + i));
                most = Math.max(most, Descriptors.countBelow(directory));
            }
        }
        System.out.println(files + " files, at most " + most + " open");
    }
}
