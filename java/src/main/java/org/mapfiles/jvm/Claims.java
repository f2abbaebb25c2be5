package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** All that sources say; who says it first is believed where two claim the same, but of two in one source the smaller range. */
final class Claims {
    private static final Comparator<Claim> BY_SIZE = (a, b) -> Long.compareUnsigned(a.end() - a.start(), b.end() - b.start());

    private final List<List<Claim>> sources = new ArrayList<>();

    /** Adds what a source says, behind those there are. */
    void add(List<Claim> source) {
        sources.add(source);
    }

    /** What is believed, by its start: without overlaps. */
    NavigableMap<Long, Claim> settled() {
        NavigableMap<Long, Claim> settled = new TreeMap<>(Long::compareUnsigned);
        for (int i = sources.size() - 1; i >= 0; i--) { // who comes last is believed
            List<Claim> smallestFirst = new ArrayList<>(sources.get(i));
            smallestFirst.sort(BY_SIZE);
            for (int k = smallestFirst.size() - 1; k >= 0; k--) {
                put(settled, smallestFirst.get(k));
            }
        }
        return settled;
    }

    /** Puts a claim in the place of what there is of others. */
    private static void put(NavigableMap<Long, Claim> settled, Claim claim) {
        Map.Entry<Long, Claim> before = settled.lowerEntry(claim.start());
        if (before != null && before.getValue().overlaps(claim.start(), claim.end())) {
            Claim cut = before.getValue();
            settled.put(cut.start(), cut.within(cut.start(), claim.start()));
            keepBehind(settled, cut, claim.end());
        }
        NavigableMap<Long, Claim> covered = settled.subMap(claim.start(), true, claim.end(), false);
        Claim last = covered.isEmpty() ? null : covered.lastEntry().getValue();
        covered.clear();
        if (last != null) {
            keepBehind(settled, last, claim.end());
        }
        settled.put(claim.start(), claim);
    }

    private static void keepBehind(NavigableMap<Long, Claim> settled, Claim cut, long end) {
        if (Long.compareUnsigned(cut.end(), end) > 0) {
            settled.put(end, cut.within(end, cut.end()));
        }
    }
}
