package org.mapfiles.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Names of a snapshot's files as Strings, each made once, and kept over refreshes as long as the bytes stay the same.
 *
 * <p>Threads may race: an entry is immutable, and whoever comes second makes an equal String.
 */
public final class NameCache {
    private static final Entry[] NONE = {};

    private Entry[] entries = NONE;

    private static final class Entry {
        final byte[] bytes;
        final String name;

        Entry(byte[] bytes) {
            this.bytes = bytes;
            this.name = new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /**
     * The name that stands in {@code length} bytes of a text.
     *
     * @param slot where the last String is looked for: the file index; other names may share one
     */
    public String name(int slot, ByteBuffer text, int offset, int length) {
        Entry[] known = entries;
        Entry last = slot < known.length ? known[slot] : null; // read once: another thread may replace it
        if (last != null && ByteSlices.equal(text, offset, length, last.bytes)) {
            return last.name;
        }
        Entry entry = new Entry(ByteSlices.copy(text, offset, length));
        if (slot >= known.length) {
            known = Arrays.copyOf(known, Math.max(slot + 16, known.length * 2));
            entries = known;
        }
        known[slot] = entry;
        return entry.name;
    }
}
