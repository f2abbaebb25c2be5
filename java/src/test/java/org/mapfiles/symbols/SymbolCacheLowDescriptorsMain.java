package org.mapfiles.symbols;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens files of a directory by a cache, and prints how many of them were open at most. */
final class SymbolCacheLowDescriptorsMain {
    private SymbolCacheLowDescriptorsMain() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int files = Integer.parseInt(arguments[1]);
        long most = 0;
        try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            for (int i = 0; i < files; i++) {
                cache.open(directory.resolve("copy" + i));
                most = Math.max(most, open(directory));
            }
        }
        System.out.println(files + " files, at most " + most + " open");
    }

    private static long open(Path directory) throws Exception {
        long count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                try {
                    count += Files.readSymbolicLink(descriptor).startsWith(directory) ? 1 : 0;
                } catch (NoSuchFileException closedMeanwhile) {
                    // the descriptor of the listing itself
                }
            }
        }
        return count;
    }
}
