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

/** What is believed of what sources claim: byte by byte, as the rule says it. */
class ClaimsTest {
    private static final int BYTES = 40;
    private static final Region[] REGIONS = Region.values();

    @Provide
    Arbitrary<List<List<Claim>>> sources() {
        Arbitrary<Claim> claim = Combinators.combine(Arbitraries.integers().between(0, BYTES - 1), Arbitraries.integers().between(1, BYTES),
                Arbitraries.of(REGIONS), Arbitraries.integers().between(0, 1_000_000))
                .as((start, size, region, id) -> Claim.told(start, Math.min(start + size, BYTES), region, "claim " + id));
        return claim.list().ofMaxSize(6).list().ofMaxSize(4);
    }

    @Property(tries = 2_000)
    void firstSourceAndSmallestRangeAreBelieved(@ForAll("sources") List<List<Claim>> sources) {
        Claims claims = new Claims();
        sources.forEach(claims::add);
        List<Claim> settled = new ArrayList<>(claims.settled().values());
        for (Map.Entry<Long, Claim> entry : claims.settled().entrySet()) {
            assertThat(entry.getKey()).isEqualTo(entry.getValue().start());
        }
        for (int i = 1; i < settled.size(); i++) {
            assertThat(settled.get(i).start()).isGreaterThanOrEqualTo(settled.get(i - 1).end());
        }
        for (long at = 0; at < BYTES; at++) {
            Claim best = best(sources, at);
            Claim said = null;
            for (Claim claim : settled) {
                said = claim.overlaps(at, at + 1) ? claim : said;
            }
            assertThat(said == null ? null : said.detail()).as("at " + at).isEqualTo(best == null ? null : best.detail());
        }
    }

    private static Claim best(List<List<Claim>> sources, long at) {
        for (List<Claim> source : sources) {
            Claim smallest = null;
            for (Claim claim : source) {
                if (claim.overlaps(at, at + 1) && (smallest == null || claim.end() - claim.start() < smallest.end() - smallest.start())) {
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
