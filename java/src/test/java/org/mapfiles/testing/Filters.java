package org.mapfiles.testing;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.mapfiles.MapFilter;

/** All 32 filters, and a test of what passes them that does not use the code under test. */
public final class Filters {
    private Filters() {}

    public static List<MapFilter> all() {
        return IntStream.range(0, 32).mapToObj(Filters::of).collect(Collectors.toList());
    }

    private static MapFilter of(int properties) {
        MapFilter filter = MapFilter.all();
        filter = (properties & 1) != 0 ? filter.readable() : filter;
        filter = (properties & 2) != 0 ? filter.writable() : filter;
        filter = (properties & 4) != 0 ? filter.executable() : filter;
        filter = (properties & 8) != 0 ? filter.shared() : filter;
        return (properties & 16) != 0 ? filter.fileBacked() : filter;
    }

    /**
     * Evaluates the description of the filter, the letters of the permissions, and whether there is a device or an
     * inode.
     */
    public static boolean passes(MapFilter filter, MapsLine line) {
        String wanted = filter.toString();
        return (!wanted.contains(" readable") || line.permissions().charAt(0) == 'r')
                && (!wanted.contains(" writable") || line.permissions().charAt(1) == 'w')
                && (!wanted.contains(" executable") || line.permissions().charAt(2) == 'x')
                && (!wanted.contains(" shared") || line.permissions().charAt(3) == 's')
                && (!wanted.contains(" fileBacked") || line.hasFile());
    }
}
