package org.mapfiles.cli;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that this JVM has mapped. */
final class MappedFile {
    private final MappedByteBuffer mapped; // keeps the mapping

    MappedFile(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
        }
    }

    byte firstByte() {
        return mapped.get(0);
    }
}
