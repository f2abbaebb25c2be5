package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.MapsLine;

class CopyRangesTest {
    @Test
    void copiedRangesAreThoseOfTheCursor() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            int size = snapshot.size();
            long[] starts = new long[size + 1];
            long[] ends = new long[size + 1];
            int[] flags = new int[size + 1];
            starts[size] = 5;

            assertThat(snapshot.copyRanges(starts, ends, flags)).isEqualTo(size);

            for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                int i = mapping.index();
                assertThat(starts[i]).isEqualTo(mapping.start());
                assertThat(ends[i]).isEqualTo(mapping.end());
                assertThat(flags[i]).isEqualTo(mapping.flags());
            }
            assertThat(starts[size]).isEqualTo(5);
        }
    }

    @Test
    void rangesAreNotCopiedToAnArrayThatIsTooShort() throws Exception {
        MapSnapshot snapshot = MapSnapshot.ofText(
                MapsLine.text(List.of(MapsLine.file(0x1000, 0x2000, 1, "/a"), MapsLine.file(0x3000, 0x4000, 1, "/a"))),
                MapFilter.all());
        for (int shortArray = 0; shortArray < 3; shortArray++) {
            long[] starts = new long[shortArray == 0 ? 1 : 2];
            long[] ends = new long[shortArray == 1 ? 1 : 2];
            int[] flags = new int[shortArray == 2 ? 1 : 2];

            assertThat(snapshot.copyRanges(starts, ends, flags)).isEqualTo(2);

            assertThat(starts).containsOnly(0);
            assertThat(ends).containsOnly(0);
            assertThat(flags).containsOnly(0);
        }
        assertThat(new MapSnapshot().copyRanges(new long[0], new long[0], new int[0]))
                .isZero();
    }
}
