package org.mapfiles;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.internal.SnapshotBuffer;
import org.mapfiles.testing.Descriptors;

/** Reads a process in chunks while direct memory is missing for the first chunk and then for the second. */
final class ReadChunksLowMemoryMain {
    private static final int PIECE = 32 * 1024;

    private final List<ByteBuffer> held = new ArrayList<>();
    private final MapChunks reader;
    private int failures;

    private ReadChunksLowMemoryMain(MapChunks reader) {
        this.reader = reader;
    }

    private void hold() {
        try {
            for (; ; ) {
                held.add(ByteBuffer.allocateDirect(PIECE));
            }
        } catch (OutOfMemoryError full) {
            // all direct memory is allocated
        }
    }

    /** Reads the next chunk, and frees memory in pieces until it is enough. */
    private boolean next() throws MapsException {
        for (; ; ) {
            try {
                return reader.next();
            } catch (NotEnoughMemoryException e) {
                failures++;
                held.remove(held.size() - 1);
            }
        }
    }

    private void readAll() throws Exception {
        int before = Descriptors.count();
        held.add(ByteBuffer.allocateDirect(new SnapshotBuffer(4096, 512 * 1024).memory.size()));
        hold();
        held.remove(0); // enough for a chunk, and not for the text that it is parsed from
        int count = next() ? reader.chunk().size() : 0;
        System.out.println("FIRST " + (failures > 0) + " OPENED " + (Descriptors.count() - before));
        hold();
        failures = 0;
        while (next()) {
            count += reader.chunk().size();
        }
        System.out.println("REST " + (failures > 0) + " COUNT " + count);
    }

    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]));
                MapChunks reader = maps.chunks(MapFilter.all())) {
            new ReadChunksLowMemoryMain(reader).readAll();
        }
    }
}
