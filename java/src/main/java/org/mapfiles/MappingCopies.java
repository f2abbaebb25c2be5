package org.mapfiles;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Iterates over copies of the mappings of a snapshot. */
final class MappingCopies implements Iterator<ImmutableMapping> {
    private final MapCursor cursor;
    private int next;

    MappingCopies(MapCursor cursor) {
        this.cursor = cursor;
    }

    int size() {
        return cursor.mappingCount();
    }

    @Override
    public boolean hasNext() {
        return next < size();
    }

    @Override
    public ImmutableMapping next() {
        if (!hasNext()) {
            throw new NoSuchElementException("there are " + size() + " mappings");
        }
        return cursor.seek(next++).copy();
    }
}
