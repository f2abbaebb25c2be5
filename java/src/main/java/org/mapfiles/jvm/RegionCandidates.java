package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** All that sources say; who says it first is believed where two claim the same, but of two in one source the smaller range. */
final class RegionCandidates {
    private static final Comparator<RegionCandidate> BY_SIZE = (a, b) -> Long.compareUnsigned(a.end() - a.start(), b.end() - b.start());

    private final List<List<RegionCandidate>> sources = new ArrayList<>();

    /** Adds what a source says, behind those there are. */
    void add(List<RegionCandidate> source) {
        sources.add(source);
    }

    /** What is believed, by its start: without overlaps. */
    NavigableMap<Long, RegionCandidate> settled() {
        NavigableMap<Long, RegionCandidate> settled = new TreeMap<>(Long::compareUnsigned);
        for (int i = sources.size() - 1; i >= 0; i--) { // who comes last is believed
            List<RegionCandidate> smallestFirst = new ArrayList<>(sources.get(i));
            smallestFirst.sort(BY_SIZE);
            for (int k = smallestFirst.size() - 1; k >= 0; k--) {
                put(settled, smallestFirst.get(k));
            }
        }
        return settled;
    }

    /** Puts a claim in the place of what there is of others. */
    private static void put(NavigableMap<Long, RegionCandidate> settled, RegionCandidate claim) {
        Map.Entry<Long, RegionCandidate> before = settled.lowerEntry(claim.start());
        if (before != null && before.getValue().overlaps(claim.start(), claim.end())) {
            RegionCandidate cut = before.getValue();
            settled.put(cut.start(), cut.within(cut.start(), claim.start()));
            keepBehind(settled, cut, claim.end());
        }
        NavigableMap<Long, RegionCandidate> covered = settled.subMap(claim.start(), true, claim.end(), false);
        RegionCandidate last = covered.isEmpty() ? null : covered.lastEntry().getValue();
        covered.clear();
        if (last != null) {
            keepBehind(settled, last, claim.end());
        }
        settled.put(claim.start(), claim);
    }

    private static void keepBehind(NavigableMap<Long, RegionCandidate> settled, RegionCandidate cut, long end) {
        if (Long.compareUnsigned(cut.end(), end) > 0) {
            settled.put(end, cut.within(end, cut.end()));
        }
    }
}
