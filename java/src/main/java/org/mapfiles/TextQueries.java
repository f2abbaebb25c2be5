package org.mapfiles;

import org.jspecify.annotations.Nullable;
import org.mapfiles.MapFilter.Backend;

/**
 * Finds the mapping of an address in the text of /proc/PID/maps: before Linux 6.11, and for names of more than a page.
 * The first query makes a snapshot, and later queries refresh it.
 */
final class TextQueries {
    private final ProcessMaps maps;
    private @Nullable MapSnapshot snapshot;
    private MapCursor cursor; // set with the snapshot
    private @Nullable MapFilter lastFilter;

    TextQueries(ProcessMaps maps) {
        this.maps = maps;
    }

    synchronized boolean query(long address, MapFilter filter, boolean orNext, MappingQuery result)
            throws MapsException {
        if (snapshot == null) {
            MapSnapshot empty = maps.newSnapshot();
            cursor = empty.cursor();
            snapshot = empty;
        }
        if (!filter.equals(lastFilter)) {
            maps.read(snapshot, filter.by(Backend.TEXT));
            lastFilter = filter;
        } else {
            maps.refresh(snapshot);
        }
        cursor.reset();
        int found = snapshot.find(address);
        while (found < 0 && orNext && cursor.next()) {
            if (Long.compareUnsigned(cursor.start(), address) > 0) {
                found = cursor.index();
            }
        }
        if (found >= 0) {
            result.copyFrom(cursor.seek(found));
        }
        return found >= 0;
    }
}
