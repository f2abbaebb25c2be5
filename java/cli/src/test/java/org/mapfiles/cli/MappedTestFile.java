package org.mapfiles.cli;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of two pages that this JVM maps, shared and writable, as long as this object is reachable. */
public final class MappedTestFile {
    private final MappedByteBuffer mapped;

    public MappedTestFile(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
        }
    }

    public byte firstByte() {
        return mapped.get(0);
    }
}
