package org.mapfiles.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Caches the names of the files of a snapshot as Strings. Each is decoded once and kept over refreshes until its bytes
 * change.
 *
 * <p>Thread-safe without a lock: entries are immutable, and in a race both threads make equal Strings.
 */
public final class NameCache {
    private Entry @Nullable [] entries; // null, because an array would load its class

    private static final class Entry {
        final byte[] bytes;
        final String name;

        Entry(byte[] bytes) {
            this.bytes = bytes;
            this.name = new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /**
     * Returns the name in a slice of the text.
     *
     * @param slot index of the cached String: the file index. Different names may share a slot
     */
    public String name(int slot, ByteBuffer text, int offset, int length) {
        Entry[] known = entries;
        // one read, because another thread may replace the entry
        Entry last = known != null && slot < known.length ? known[slot] : null;
        if (last != null && ByteSlices.equal(text, offset, length, last.bytes)) {
            return last.name;
        }
        Entry entry = new Entry(ByteSlices.copy(text, offset, length));
        if (known == null || slot >= known.length) {
            known = known == null ? new Entry[slot + 16] : Arrays.copyOf(known, Math.max(slot + 16, known.length * 2));
            entries = known;
        }
        known[slot] = entry;
        return entry.name;
    }
}
