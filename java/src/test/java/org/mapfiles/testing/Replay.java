package org.mapfiles.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** A simple reader of changes: it applies each change to a set of mappings, and never holds an overlap. */
public final class Replay {
    private final TreeMap<Long, MapsLine> mappings = new TreeMap<>(Long::compareUnsigned);

    /** Starts with a new set of mappings. */
    public void begin(Collection<? extends Mapping> first) {
        mappings.clear();
        first.forEach(mapping -> add(MapsLine.of(mapping)));
    }

    public void apply(MapChange change) {
        switch (change.kind()) {
            case ADDED:
                add(MapsLine.of(change.mapping()));
                break;
            case REMOVED:
                remove(MapsLine.of(change.mapping()));
                break;
            case CHANGED:
                change(MapsLine.of(change.previous()), MapsLine.of(change.mapping()));
                break;
            default:
                break;
        }
    }

    public void add(MapsLine line) {
        var below = mappings.lowerEntry(line.end());
        assertThat(below == null || Long.compareUnsigned(below.getValue().end(), line.start()) <= 0)
                .as("%s is added over %s", line, below)
                .isTrue();
        mappings.put(line.start(), line);
    }

    public void remove(MapsLine line) {
        assertThat(mappings.remove(line.start())).as("what is removed is there").isEqualTo(line);
    }

    public void change(MapsLine before, MapsLine now) {
        remove(before);
        add(now);
    }

    /** Returns the mappings in order of address. */
    public List<MapsLine> lines() {
        return new ArrayList<>(mappings.values());
    }
}
