package org.mapfiles;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** How many descriptors of processes this process holds: directories of /proc, and maps in them. */
final class Descriptors {
    private Descriptors() {
    }

    static int count() throws IOException {
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                count += isOfAProcess(descriptor) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isOfAProcess(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().matches("/proc/\\d+(/maps|/task/\\d+/maps|/map_files)?");
        } catch (NoSuchFileException closedMeanwhile) {
            return false;
        }
    }
}
