package org.mapfiles;

/**
 * Queries for one mapping that only the text can answer: before Linux 6.11, and of names of more than a page. The snapshot is made on the
 * first of them, and refreshed on the next.
 */
final class TextQueries {
    private final ProcessMaps maps;
    private MapSnapshot whole;
    private MapCursor wholeCursor;
    private MapFilter wholeAskedFor;

    TextQueries(ProcessMaps maps) {
        this.maps = maps;
    }

    synchronized boolean query(long address, MapFilter filter, boolean orNext, MappingQuery answer)
            throws MapsException {
        if (whole == null) {
            MapSnapshot empty = maps.newSnapshot();
            wholeCursor = empty.cursor();
            whole = empty;
        }
        if (!filter.equals(wholeAskedFor)) {
            maps.read(whole, filter.by(Backend.TEXT));
            wholeAskedFor = filter;
        } else {
            maps.refresh(whole);
        }
        wholeCursor.reset();
        int found = whole.find(address);
        while (found < 0 && orNext && wholeCursor.next()) {
            if (Long.compareUnsigned(wholeCursor.start(), address) > 0) {
                found = wholeCursor.index();
            }
        }
        if (found >= 0) {
            answer.take(wholeCursor.seek(found));
        }
        return found >= 0;
    }
}
