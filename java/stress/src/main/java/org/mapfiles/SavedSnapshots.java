package org.mapfiles;

import java.nio.charset.StandardCharsets;
import org.mapfiles.internal.NativeMemory;

/**
 * A snapshot that is filled with three states in turn. With two states each of its two buffers would keep its content.
 */
final class SavedSnapshots {
    /** Mapped in each state, by mappings that differ in all fields. */
    static final long ADDRESS = 0x35000;

    private static final NativeMemory FIRST = memory(line("00010000-00011000 r--p 00000000 08:01 11", "/a")
            + line("00020000-00021000 r--p 00000000 08:01 11", "/a")
            + line("00030000-00036000 r-xp 00001000 08:01 12", "/first"));
    private static final NativeMemory SECOND = memory(line("00035000-00039000 rw-s 00002000 08:01 13", "/the/second")
            + line("00050000-00059000 r--p 00000000 08:01 11", "/b"));
    private static final NativeMemory THIRD = memory(line("00008000-00009000 r--p 00000000 08:01 11", "/a")
            + line("00034000-0003a000 r--p 00003000 08:01 14", "/here/is/the/third"));
    static final long FIRST_SIZE = 0x8000;
    static final long SECOND_SIZE = 0xd000;
    static final long THIRD_SIZE = 0x7000;

    final MapSnapshot snapshot = new MapSnapshot();
    private int current;

    SavedSnapshots() {
        next();
    }

    /** Returns a line with the name in the column where the kernel writes it. */
    private static String line(String numbers, String name) {
        return String.format("%-73s%s%n", numbers, name);
    }

    private static NativeMemory memory(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory memory = new NativeMemory(bytes.length);
        memory.bytes().put(0, bytes);
        return memory;
    }

    /** Fills the snapshot with the next state, as a refresh does. */
    synchronized void next() {
        try {
            NativeMemory text = current == 0 ? SECOND : current == 1 ? THIRD : FIRST;
            if (snapshot.fillFromText(null, MapFilter.all(), text, text.size()) != 1) {
                throw new IllegalStateException("not filled");
            }
        } catch (MalformedMapsException e) {
            throw new IllegalStateException(e);
        }
        current = (current + 1) % 3;
    }
}
