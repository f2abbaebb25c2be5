package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.mapfiles.Backend;
import org.mapfiles.MapFilter;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;

/** Whether this kernel can be asked for one mapping, and what it must answer. */
public final class Queries {
    private Queries() {
    }

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

    /** The answer by looking at every mapping: the one that covers an address, or the next one above it; or null. */
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

    /** What was answered, or null. */
    public static MappingState asked(ProcessMaps maps, long address, MapFilter filter, boolean orNext, MappingQuery answer) throws MapsException {
        return maps.query(address, filter, orNext, answer) ? MappingState.of(answer).withoutFile() : null;
    }
}
