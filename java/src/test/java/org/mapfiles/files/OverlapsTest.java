package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Assertions;

/** Compares the search of overlapping ranges of two owners with a comparison of all pairs. */
class OverlapsTest {
    @Property(tries = 2000)
    void overlapsEqualThoseOfAllPairs(@ForAll long seed) {
        Random random = new Random(seed);
        int count = random.nextInt(12);
        int owned = 1 + random.nextInt(3);
        int[] owners = random.ints(count, 0, owned).toArray();
        long base = random.nextBoolean() ? 0 : Long.MAX_VALUE - 8; // across the change of the sign
        long[] starts = random.longs(count, 0, 20).map(start -> base + start).toArray();
        long[] ends = IntStream.range(0, count)
                .mapToLong(i -> starts[i] + 1 + random.nextInt(6))
                .toArray();
        boolean[] expected = new boolean[count];
        for (int i = 0; i < count; i++) {
            int one = i;
            expected[i] = IntStream.range(0, count)
                    .anyMatch(other -> owners[one] != owners[other]
                            && Long.compareUnsigned(starts[one], ends[other]) < 0
                            && Long.compareUnsigned(starts[other], ends[one]) < 0);
        }
        assertThat(Overlaps.withOthers(owners, starts, ends)).isEqualTo(expected);
    }

    /** One process maps the even pages of a file, the other the odd ones: no overlap is found, in linear time. */
    @Example
    void thousandsOfMappingsTakeLinearTime() {
        int[] owners = IntStream.range(0, 1_000_000).map(i -> i & 1).toArray();
        long[] starts = IntStream.range(0, owners.length).mapToLong(i -> i).toArray();
        long[] ends = IntStream.range(0, owners.length).mapToLong(i -> i + 1).toArray();
        Assertions.assertTimeout(
                Duration.ofMinutes(1),
                () -> assertThat(Overlaps.withOthers(owners, starts, ends)).containsOnly(false));
    }
}
