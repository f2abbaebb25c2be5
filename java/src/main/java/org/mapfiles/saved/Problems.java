package org.mapfiles.saved;

import java.util.ArrayList;
import java.util.List;

/** Collects the first problems of a file, and counts all. */
final class Problems {
    private static final int MAX_KEPT = 1000;

    private final List<SavedMaps.Problem> kept = new ArrayList<>();
    private long count;
    private boolean mayLackMappings;

    void add(long line, String reason) {
        if (kept.size() < MAX_KEPT) {
            kept.add(new SavedMaps.Problem(line, reason));
        }
        count++;
    }

    /** Adds a problem by which a mapping may be missing. */
    void addLack(long line, String reason) {
        add(line, reason);
        mayLackMappings = true;
    }

    boolean mayLackMappings() {
        return mayLackMappings;
    }

    List<SavedMaps.Problem> kept() {
        return List.copyOf(kept);
    }

    long count() {
        return count;
    }
}
