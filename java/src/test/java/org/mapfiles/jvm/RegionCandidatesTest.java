package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares the choice between candidates of several sources with the rule, byte by byte. */
class RegionCandidatesTest {
    private static final int BYTES = 40;
    private static final JvmRegions.Kind[] REGIONS = JvmRegions.Kind.values();

    @Provide
    Arbitrary<List<List<RegionCandidate>>> sources() {
        Arbitrary<RegionCandidate> claim = Combinators.combine(
                        Arbitraries.integers().between(0, BYTES - 1),
                        Arbitraries.integers().between(1, BYTES),
                        Arbitraries.of(REGIONS),
                        Arbitraries.integers().between(0, 1_000_000))
                .as((start, size, region, id) ->
                        RegionCandidate.reported(start, Math.min(start + size, BYTES), region, "claim " + id));
        return claim.list().ofMaxSize(6).list().ofMaxSize(4);
    }

    @Property(tries = 2_000)
    void firstSourceAndSmallestRangeWin(@ForAll("sources") List<List<RegionCandidate>> sources) {
        RegionCandidates claims = new RegionCandidates();
        sources.forEach(claims::add);
        List<RegionCandidate> settled = new ArrayList<>(claims.chosen().values());
        for (Map.Entry<Long, RegionCandidate> entry : claims.chosen().entrySet()) {
            assertThat(entry.getKey()).isEqualTo(entry.getValue().start());
        }
        for (int i = 1; i < settled.size(); i++) {
            assertThat(settled.get(i).start())
                    .isGreaterThanOrEqualTo(settled.get(i - 1).end());
        }
        for (long at = 0; at < BYTES; at++) {
            RegionCandidate best = best(sources, at);
            RegionCandidate chosen = null;
            for (RegionCandidate claim : settled) {
                chosen = claim.overlaps(at, at + 1) ? claim : chosen;
            }
            assertThat(chosen == null ? null : chosen.detail())
                    .as("at " + at)
                    .isEqualTo(best == null ? null : best.detail());
        }
    }

    private static RegionCandidate best(List<List<RegionCandidate>> sources, long at) {
        for (List<RegionCandidate> source : sources) {
            RegionCandidate smallest = null;
            for (RegionCandidate claim : source) {
                if (claim.overlaps(at, at + 1)
                        && (smallest == null || claim.end() - claim.start() < smallest.end() - smallest.start())) {
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
