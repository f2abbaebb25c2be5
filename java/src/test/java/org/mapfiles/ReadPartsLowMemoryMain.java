package org.mapfiles;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads a process in parts, while direct memory is missing for the first part and then for the second. */
final class ReadPartsLowMemoryMain {
    private static final int PIECE = 32 * 1024;

    private final List<ByteBuffer> held = new ArrayList<>();
    private final MapParts reader;
    private int failures;

    private ReadPartsLowMemoryMain(MapParts reader) {
        this.reader = reader;
    }

    private void hold() {
        try {
            for (;;) {
                held.add(ByteBuffer.allocateDirect(PIECE));
            }
        } catch (OutOfMemoryError full) {
            // all of it is held
        }
    }

    /** Reads the next part, and gives memory back a piece at a time until there is enough for it. */
    private boolean next() throws MapsException {
        for (;;) {
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
        held.add(ByteBuffer.allocateDirect(new Picture(4096, 512 * 1024).memory.size()));
        hold();
        held.remove(0); // room for a part, and not for the text that it is parsed from
        int count = next() ? reader.part().size() : 0;
        System.out.println("FIRST " + (failures > 0) + " OPENED " + (Descriptors.count() - before));
        hold();
        failures = 0;
        while (next()) {
            count += reader.part().size();
        }
        System.out.println("REST " + (failures > 0) + " COUNT " + count);
    }

    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0])); MapParts reader = maps.parts(MapFilter.all())) {
            new ReadPartsLowMemoryMain(reader).readAll();
        }
    }
}
