package org.mapfiles.cli.output;

import java.util.HashMap;
import java.util.Map;

/**
 * What was made of names, such as their demangled form. A profile has the same few names many times, and any number of
 * different ones. The memory is bounded: a full cache is emptied.
 */
final class NameCache<V> {
    /** Maximum of characters of all names and values. */
    static final int MAX_CHARACTERS = 4 << 20;
    /** What an entry takes beside its characters, about. */
    private static final int ENTRY = 64;

    private final Map<String, V> entries = new HashMap<>();
    private long used;

    /** Returns the value of a name; null: it is not kept. */
    V get(String name) {
        return entries.get(name);
    }

    /** Keeps the value of a name, which takes some characters. A value that takes more than the maximum is not kept. */
    void put(String name, V value, int characters) {
        long weight = (long) name.length() + characters + ENTRY;
        if (weight > MAX_CHARACTERS) {
            return;
        }
        if (used + weight > MAX_CHARACTERS) {
            entries.clear();
            used = 0;
        }
        if (entries.put(name, value) == null) {
            used += weight;
        }
    }

    /** Returns the number of names that are kept. */
    int size() {
        return entries.size();
    }
}
