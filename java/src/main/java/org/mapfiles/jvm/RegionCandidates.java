package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Chooses among the candidates of several sources. If candidates of two sources overlap, the source that was added
 * first wins. Within one source the smaller candidate wins.
 */
final class RegionCandidates {
    private static final Comparator<RegionCandidate> BY_SIZE =
            (a, b) -> Long.compareUnsigned(a.end() - a.start(), b.end() - b.start());

    private final List<List<RegionCandidate>> sources = new ArrayList<>();

    /** Adds the candidates of a source, with a lower priority than those before. */
    void add(List<RegionCandidate> source) {
        sources.add(source);
    }

    /** Returns the ends of all candidates that were added. */
    NavigableSet<Long> ends() {
        NavigableSet<Long> ends = new TreeSet<>(Long::compareUnsigned);
        sources.forEach(source -> source.forEach(candidate -> ends.add(candidate.end())));
        return ends;
    }

    /** Returns the chosen candidates by their starts, without overlaps. */
    NavigableMap<Long, RegionCandidate> chosen() {
        NavigableMap<Long, RegionCandidate> chosen = new TreeMap<>(Long::compareUnsigned);
        for (int i = sources.size() - 1; i >= 0; i--) { // a later put replaces earlier ones
            List<RegionCandidate> smallestFirst = new ArrayList<>(sources.get(i));
            smallestFirst.sort(BY_SIZE);
            for (int k = smallestFirst.size() - 1; k >= 0; k--) {
                put(chosen, smallestFirst.get(k));
            }
        }
        return chosen;
    }

    /** Puts a candidate and cuts those that it overlaps. */
    private static void put(NavigableMap<Long, RegionCandidate> chosen, RegionCandidate candidate) {
        Map.Entry<Long, RegionCandidate> before = chosen.lowerEntry(candidate.start());
        if (before != null && before.getValue().overlaps(candidate.start(), candidate.end())) {
            RegionCandidate cut = before.getValue();
            chosen.put(cut.start(), cut.within(cut.start(), candidate.start()));
            keepAfter(chosen, cut, candidate.end());
        }
        NavigableMap<Long, RegionCandidate> covered = chosen.subMap(candidate.start(), true, candidate.end(), false);
        RegionCandidate last = covered.isEmpty() ? null : covered.lastEntry().getValue();
        covered.clear();
        if (last != null) {
            keepAfter(chosen, last, candidate.end());
        }
        chosen.put(candidate.start(), candidate);
    }

    private static void keepAfter(NavigableMap<Long, RegionCandidate> chosen, RegionCandidate cut, long end) {
        if (Long.compareUnsigned(cut.end(), end) > 0) {
            chosen.put(end, cut.within(end, cut.end()));
        }
    }
}
