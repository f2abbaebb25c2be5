package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/** All that sources say; who says it first is believed where two claim the same, but of two in one source the smaller range. */
final class Claims {
    private final List<List<Claim>> sources = new ArrayList<>();

    /** Adds what a source says, behind those there are. */
    void add(List<Claim> source) {
        sources.add(source);
    }

    /** Those that have a part of a range, by source. */
    List<List<Claim>> within(long start, long end) {
        List<List<Claim>> found = new ArrayList<>();
        for (List<Claim> source : sources) {
            List<Claim> some = new ArrayList<>();
            for (Claim claim : source) {
                if (claim.overlaps(start, end)) {
                    some.add(claim);
                }
            }
            if (!some.isEmpty()) {
                found.add(some);
            }
        }
        return found;
    }

    /** What a range that no claim divides is for; null: nobody says. */
    static Claim best(List<List<Claim>> sources, long start, long end) {
        for (List<Claim> source : sources) {
            Claim smallest = null;
            for (Claim claim : source) {
                if (claim.covers(start, end) && (smallest == null
                        || Long.compareUnsigned(claim.end() - claim.start(), smallest.end() - smallest.start()) < 0)) {
                    smallest = claim;
                }
            }
            if (smallest != null) {
                return smallest;
            }
        }
        return null;
    }
}
