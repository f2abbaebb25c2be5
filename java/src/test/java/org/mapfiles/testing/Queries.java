package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;

/** Queries of single mappings, and their expected results. */
public final class Queries {
    private Queries() {}

    /** Skips a test on kernels before Linux 6.11. */
    public static void assumeSupported() throws MapsException {
        assumeTrue(areSupported(), "this kernel has no PROCMAP_QUERY (Linux 6.11+)");
    }

    public static boolean areSupported() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            maps.snapshot(MapFilter.all().by(Backend.QUERY));
            return true;
        } catch (NotSupportedException e) {
            return false;
        }
    }

    /** Returns the mapping that covers an address, or the next one above it, by a search of all mappings; or null. */
    public static MappingState expected(List<MappingState> all, long address, MapFilter filter, boolean orNext) {
        for (MappingState seen : all) {
            boolean begun = Long.compareUnsigned(seen.line().start(), address) <= 0;
            boolean ended = Long.compareUnsigned(seen.line().end(), address) <= 0;
            if (!ended && (begun || orNext) && Filters.passes(filter, seen.line())) {
                return seen.withoutFile();
            }
        }
        return null;
    }

    /** Returns the result of a query, or null. */
    public static MappingState query(
            ProcessMaps maps, long address, MapFilter filter, boolean orNext, MappingQuery query) throws MapsException {
        return maps.query(address, filter, orNext, query)
                ? MappingState.of(query).withoutFile()
                : null;
    }
}
