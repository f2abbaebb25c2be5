package org.mapfiles.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file for readers that take a path, in memory if possible. */
final class InputFile {
    private InputFile() {}

    static Path create() {
        Path memory = Path.of("/dev/shm");
        try {
            Path file = Files.isWritable(memory)
                    ? Files.createTempFile(memory, "fuzz", null)
                    : Files.createTempFile("fuzz", null);
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
