package org.mapfiles;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;

/** Whether this kernel can be asked for one mapping, and what it must answer. */
final class Queries {
    private Queries() {
    }

    /** Skips a test on kernels before Linux 6.11. */
    static void assumeSupported() throws MapsException {
        assumeTrue(areSupported(), "this kernel has no PROCMAP_QUERY (Linux 6.11+)");
    }

    static boolean areSupported() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            maps.snapshot(MapFilter.all().by(Backend.QUERY));
            return true;
        } catch (NotSupportedException e) {
            return false;
        }
    }

    /** The answer by looking at every mapping: the one that covers an address, or the next one above it; or null. */
    static Seen expected(List<Seen> all, long address, MapFilter filter, boolean orNext) {
        for (Seen seen : all) {
            boolean begun = Long.compareUnsigned(seen.line().start(), address) <= 0;
            boolean ended = Long.compareUnsigned(seen.line().end(), address) <= 0;
            if (!ended && (begun || orNext) && Filters.passes(filter, seen.line())) {
                return seen.withoutFile();
            }
        }
        return null;
    }

    /** What was answered, or null. */
    static Seen asked(ProcessMaps maps, long address, MapFilter filter, boolean orNext, MapAnswer answer) throws MapsException {
        return maps.query(address, filter, orNext, answer) ? Seen.of(answer).withoutFile() : null;
    }
}
