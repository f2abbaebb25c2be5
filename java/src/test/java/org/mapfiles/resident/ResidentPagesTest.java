package org.mapfiles.resident;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Children;

/** Resident pages are those that the target has made, and agree with smaps. */
class ResidentPagesTest {
    @RegisterExtension
    final ResidentTarget target = new ResidentTarget();

    @RegisterExtension
    final Children children = new Children();

    private final ResidentPages pages = new ResidentPages();
    private final ResidentBytes sums = new ResidentBytes();

    @Test
    void sumsOfAMappingAreThoseOfItsPages() throws Exception {
        pages.read(target.maps(), target.maps().snapshot());
        assertThat(target.made()).hasSizeGreaterThanOrEqualTo(6);
        for (ResidentTarget.Made made : target.made()) {
            sums.clear();
            pages.add(made.start(), made.end(), sums);
            isAsMade(made);
        }
    }

    private void isAsMade(ResidentTarget.Made made) {
        if (pages.isZeroKnown()) {
            assertThat(sums.zero()).as("zero of %s", made).isEqualTo(made.zero());
            assertThat(sums.huge()).as("huge of %s", made).isEqualTo(made.huge());
            assertThat(sums.file()).as("file of %s", made).isEqualTo(made.file());
            assertThat(sums.anonymous()).as("anonymous of %s", made).isEqualTo(made.anonymous());
        }
        assertThat(sums.swapped()).as("swapped of %s", made).isEqualTo(made.swapped());
        assertThat(sums.present()).as("present of %s", made).isEqualTo(made.file() + made.anonymous() + made.zero());
    }

    @Test
    void readsWithoutCopiesHaveTheSameTotals() throws Exception {
        MapSnapshot snapshot = target.maps().snapshot();
        pages.read(target.maps(), snapshot);
        assertThat(pages.isFileKnown()).isTrue();
        pages.add(0, -1, sums);
        ResidentPages cheap = ResidentPages.withoutCopies();
        ResidentBytes totals = new ResidentBytes();
        cheap.read(target.maps(), snapshot);
        cheap.add(0, -1, totals);
        assertThat(cheap.isFileKnown()).isEqualTo(!cheap.isZeroKnown());
        assertThat(totals.rss()).isEqualTo(sums.rss());
        assertThat(totals.swapped()).isEqualTo(sums.swapped());
        assertThat(totals.zero()).isEqualTo(sums.zero());
    }

    @Test
    void sumsAreThoseOfTheRanges() throws Exception {
        MapSnapshot snapshot = target.maps().snapshot();
        pages.read(target.maps(), snapshot);
        long[] expected = new long[5];
        for (int i = 0; i < pages.size(); i++) {
            long bytes = pages.end(i) - pages.start(i);
            assertThat(i == 0 || Long.compareUnsigned(pages.end(i - 1), pages.start(i)) <= 0)
                    .as("sorted")
                    .isTrue();
            expected[pages.isSwapped(i) ? 0 : pages.isZero(i) ? 1 : pages.isFile(i) ? 2 : 3] += bytes;
            expected[4] += pages.isHuge(i) && !pages.isZero(i) ? bytes : 0;
        }
        pages.add(0, -1, sums);
        assertThat(new long[] {sums.swapped(), sums.zero(), sums.file(), sums.anonymous(), sums.huge()})
                .isEqualTo(expected);
        long whole = sums.present();
        sums.clear();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            pages.add(mapping, sums);
        }
        assertThat(sums.present()).as("all pages are in a mapping").isEqualTo(whole);
    }

    @Test
    void aPartOfAMappingIsReadAlone() throws Exception {
        ResidentTarget.Made anonymous = target.made().get(0);
        MapSnapshot snapshot = target.maps().snapshot();
        long page = anonymous.anonymous() / 40; // the target writes to 40 pages
        pages.read(target.maps(), snapshot, anonymous.start() + 1, anonymous.start() + 2 * page);
        pages.add(0, -1, sums);
        assertThat(sums.rss()).isEqualTo(2 * page);
        sums.clear();
        pages.add(anonymous.start() + 1, anonymous.start() + page, sums);
        assertThat(sums.rss()).as("parts of pages").isEqualTo(page - 1);
        pages.read(target.maps(), snapshot, anonymous.start(), anonymous.start());
        assertThat(pages.size()).isZero();
        assertThatThrownBy(() -> pages.read(target.maps(), snapshot, 2, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Exact for a target that does nothing. smaps reports hugetlbfs apart. */
    @Test
    void aMappingHasTheRssOfSmaps() throws Exception {
        MapSnapshot snapshot = target.maps().snapshot();
        Smaps smaps = new Smaps();
        SmapsBytes expected = new SmapsBytes();
        SmapsBytes total = new SmapsBytes();
        Children.await("the kernel reclaims no page of a file meanwhile", () -> {
            total.clear();
            smaps.readTotal(target.maps(), total);
            long before = total.rss();
            pages.read(target.maps(), snapshot);
            smaps.read(target.maps());
            total.clear();
            new Smaps().readTotal(target.maps(), total);
            return total.rss() == before;
        });
        for (MapCursor mapping = snapshot.cursor(); pages.isZeroKnown() && mapping.next(); ) {
            sums.clear();
            expected.clear();
            pages.add(mapping, sums);
            assertThat(smaps.add(mapping, expected)).as("%s", mapping).isTrue();
            if (mapping.kind() != Mapping.Kind.HUGETLB) {
                assertThat(sums.rss()).as("%s", mapping).isEqualTo(expected.rss());
                assertThat(sums.swapped()).as("%s", mapping).isEqualTo(expected.swap());
            }
        }
    }

    @Test
    void thisJvmHasTheRssOfSmaps() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            byte[][] touched = new byte[64][];
            for (int i = 0; i < touched.length; i++) {
                touched[i] = new byte[1 << 20];
            }
            SmapsBytes total = new SmapsBytes();
            SmapsBytes later = new SmapsBytes();
            MapSnapshot snapshot = self.snapshot();
            Smaps smaps = new Smaps();
            Children.await("the memory stays the same during a read", () -> {
                total.clear();
                later.clear();
                sums.clear();
                self.refresh(snapshot);
                smaps.readTotal(self, total);
                pages.read(self, snapshot);
                pages.add(0, -1, sums);
                smaps.readTotal(self, later);
                return Math.abs(later.rss() - total.rss()) < total.rss() / 500; // compilers take and return megabytes
            });
            assertThat(touched.length).isEqualTo(64);
            if (pages.isZeroKnown()) {
                assertThat((double) sums.rss()).isCloseTo((double) total.rss(), within(0.01 * total.rss()));
            }
            assertThat(sums.rss()).isGreaterThan(20 << 20);
        }
    }

    /**
     * Another thread maps and unmaps memory: whatever the snapshot and the pages have, a sum is never more than its
     * range.
     */
    @Test
    void aSumIsNeverMoreThanItsRange() throws Exception {
        AtomicBoolean ends = new AtomicBoolean();
        Thread churn = new Thread(() -> {
            while (!ends.get()) {
                Thread thread = new Thread(() -> {}); // its stack is mapped and unmapped
                thread.start();
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        try (ProcessMaps self = ProcessMaps.self()) {
            churn.start();
            MapSnapshot snapshot = self.snapshot();
            for (int i = 0; i < 200; i++) {
                self.refresh(snapshot);
                pages.read(self, snapshot);
                for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                    sums.clear();
                    pages.add(mapping, sums);
                    assertThat(sums.present() + sums.swapped()).isBetween(0L, mapping.size());
                }
            }
        } finally {
            ends.set(true);
            churn.join();
        }
    }

    @Test
    void aSnapshotOfAnotherProcessIsRejected() throws Exception {
        try (ProcessMaps other = ProcessMaps.of(children.sleeper().pid())) {
            MapSnapshot snapshot = other.snapshot();
            assertThatThrownBy(() -> pages.read(target.maps(), snapshot)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pages.read(target.maps(), new MapSnapshot()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anExitedProcessHasNoPages() throws Exception {
        MapSnapshot snapshot = target.maps().snapshot();
        Smaps smaps = new Smaps();
        pages.read(target.maps(), snapshot);
        smaps.read(target.maps());
        target.exit();
        assertThatThrownBy(() -> pages.read(target.maps(), snapshot)).isInstanceOf(ProcessExitedException.class);
        assertThatThrownBy(() -> smaps.read(target.maps())).isInstanceOf(ProcessExitedException.class);
        assertThatThrownBy(() -> smaps.readTotal(target.maps(), new SmapsBytes()))
                .isInstanceOf(ProcessExitedException.class);
        assertThat(pages.size() + smaps.size())
                .as("nothing is left of the reads before")
                .isZero();
        target.maps().close();
        assertThatThrownBy(() -> pages.read(target.maps(), snapshot)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> smaps.read(target.maps())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRangeThatBeginsAboveItsEndIsRejected() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            ResidentPages pages = new ResidentPages();
            pages.read(maps, snapshot);
            ResidentBytes sums = new ResidentBytes();
            String message = "start 0x2000 is above end 0x1000";
            assertThatThrownBy(() -> pages.read(maps, snapshot, 0x2000, 0x1000)).hasMessage(message);
            assertThatThrownBy(() -> pages.add(0x2000, 0x1000, sums))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
            pages.add(0, -1, sums); // addresses are unsigned
            assertThat(sums.rss()).isPositive();
        }
    }

    @Test
    void anObjectBeforeTheFirstReadHasNoPages() {
        pages.add(0, -1, sums);
        assertThat(sums.present() + sums.swapped() + pages.size()).isZero();
        assertThat(pages.isZeroKnown()).isFalse();
        assertThat(pages.isFileKnown()).isFalse();
        assertThatThrownBy(() -> pages.start(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> pages.isFile(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
