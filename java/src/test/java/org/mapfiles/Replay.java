package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/** The simplest reader of changes: a set of mappings to which each change is applied as it says, and that never holds an overlap. */
final class Replay {
    private final TreeMap<Long, Line> mappings = new TreeMap<>(Long::compareUnsigned);

    /** Begins anew with some mappings. */
    void begin(Collection<? extends Mapping> first) {
        mappings.clear();
        first.forEach(mapping -> add(Line.of(mapping)));
    }

    void apply(MapChange change) {
        switch (change.kind()) {
            case ADDED:
                add(Line.of(change.mapping()));
                break;
            case REMOVED:
                remove(Line.of(change.mapping()));
                break;
            case CHANGED:
                change(Line.of(change.previous()), Line.of(change.mapping()));
                break;
            default:
                break;
        }
    }

    void add(Line line) {
        var below = mappings.lowerEntry(line.end());
        assertThat(below == null || Long.compareUnsigned(below.getValue().end(), line.start()) <= 0)
                .as("%s is added over %s", line, below).isTrue();
        mappings.put(line.start(), line);
    }

    void remove(Line line) {
        assertThat(mappings.remove(line.start())).as("what is removed is there").isEqualTo(line);
    }

    void change(Line before, Line now) {
        remove(before);
        add(now);
    }

    /** In order of address. */
    List<Line> lines() {
        return new ArrayList<>(mappings.values());
    }
}
