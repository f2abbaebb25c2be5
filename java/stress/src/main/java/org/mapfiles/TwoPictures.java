package org.mapfiles;

import java.nio.charset.StandardCharsets;

/** A snapshot that shows one of two pictures, and is made to show the other one. */
final class TwoPictures {
    /** In both pictures, in mappings that differ in all they tell. */
    static final long ADDRESS = 0x35000;

    private static final NativeMemory FIRST = memory(line("00010000-00011000 r--p 00000000 08:01 11", "/a")
            + line("00020000-00021000 r--p 00000000 08:01 11", "/a") + line("00030000-00036000 r-xp 00001000 08:01 12", "/first"));
    private static final NativeMemory SECOND = memory(line("00035000-00039000 rw-s 00002000 08:01 13", "/the/second")
            + line("00050000-00059000 r--p 00000000 08:01 11", "/b"));
    static final long FIRST_SIZE = 0x8000;
    static final long SECOND_SIZE = 0xd000;

    final MapSnapshot snapshot = new MapSnapshot();
    private boolean showsSecond;

    TwoPictures() {
        turn();
    }

    /** Names begin in the column where the kernel has them. */
    private static String line(String numbers, String name) {
        return String.format("%-73s%s%n", numbers, name);
    }

    private static NativeMemory memory(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory memory = new NativeMemory(bytes.length);
        memory.bytes().put(0, bytes);
        return memory;
    }

    /** Shows the other picture: what a refresh does. */
    synchronized void turn() {
        try {
            if (snapshot.fill(MapFilter.all(), null, false, showsSecond ? FIRST : SECOND) != 1) {
                throw new IllegalStateException("not filled");
            }
        } catch (MalformedMapsException e) {
            throw new IllegalStateException(e);
        }
        showsSecond = !showsSecond;
    }
}
