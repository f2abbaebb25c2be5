package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Queries;
import org.mapfiles.testing.SpecialMappingsProcess;

/** Reads a process whose threads map, unmap, split, merge and remap meanwhile. */
class ChurnTest {
    private static final long NANOS = 560_000_000;
    /** On a busy machine reading goes on until this number of reads has found changes. */
    private static final int MIN_CHANGED = 20;

    // pages that stay mapped in the area of each thread: GROUPS of special_churn.c
    private static final int STANDING = 16;

    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.with("plain");

    private final List<Long> standing = new ArrayList<>();
    private long page;

    /** Starts the threads, and returns the pages that stay mapped among those that change. */
    private void churn(String way) throws Exception {
        String[] reply = child.command("churn 0 " + way).split(" ");
        long apart = Long.parseLong(reply[0]);
        page = apart / 32;
        for (int i = 1; i < reply.length; i++) {
            for (int k = 0; k < STANDING; k++) {
                standing.add(Long.parseLong(reply[i], 16) + k * apart);
            }
        }
    }

    /** Each snapshot is in order, has no overlap, and has every page that stays mapped once. */
    @ParameterizedTest
    @CsvSource({
        "TEXT,map",
        "TEXT,split",
        "TEXT,remap",
        "TEXT,all",
        "QUERY,map",
        "QUERY,split",
        "QUERY,remap",
        "QUERY,all"
    })
    void eachSnapshotIsInOrderAndHasMappingsThatStay(Backend backend, String way) throws Exception {
        if (backend == Backend.QUERY) {
            Queries.assumeSupported();
        }
        MapSnapshot snapshot = child.maps().snapshot(MapFilter.all().by(backend));
        int changed = 0;
        churn(way);
        long began = System.nanoTime();
        while (System.nanoTime() - began < NANOS || changed < MIN_CHANGED && System.nanoTime() - began < 100 * NANOS) {
            changed += child.maps().refresh(snapshot) ? 1 : 0;
            check(snapshot);
            assertThat(snapshot.retries()).isBetween(0, 4);
        }
        assertThat(changed).as("reads that found changes").isGreaterThanOrEqualTo(MIN_CHANGED);
        assertThat(Long.parseLong(child.command("join"))).as("changes").isGreaterThan(changed);
        assertThat(child.maps().readStable(snapshot, 2)).as("quiet again").isTrue();
        assertThat(snapshot.isInconsistent()).isFalse();
        check(snapshot);
    }

    private void check(MapSnapshot snapshot) {
        MapCursor cursor = snapshot.cursor();
        long program = cursor.seek(snapshot.find(standing.get(0))).inode();
        inOrder(cursor);
        for (SpecialMappingsProcess.Made made : child.made()) {
            int index = snapshot.find(made.line().start());
            assertThat(index).as("%s", made).isNotNegative();
            assertThat(cursor.seek(index).inode())
                    .as("%s", made)
                    .isEqualTo(made.line().inode());
        }
        int index = -1;
        for (long start : standing) {
            index = snapshot.find(start);
            assertThat(index).as("%x", start).isNotNegative();
            cursor.seek(index);
            assertThat(cursor.start()).as("%x", start).isEqualTo(start);
            assertThat(cursor.size()).as("%x", start).isEqualTo(page);
            assertThat(cursor.offset()).as("%x", start).isZero();
            assertThat(cursor.permissions()).as("%x", start).isEqualTo("r--p");
            assertThat(cursor.inode()).as("%x", start).isEqualTo(program);
            assertThat(cursor.name()).as("%x", start).endsWith("/special_process");
        }
        int there = 0;
        for (cursor.reset(); cursor.next(); ) {
            there += cursor.inode() == program && cursor.size() == page && standing.contains(cursor.start()) ? 1 : 0;
        }
        assertThat(there).as("each once").isEqualTo(standing.size());
    }

    private static void inOrder(MapCursor cursor) {
        long before = 0;
        for (cursor.reset(); cursor.next(); before = cursor.end()) {
            if (Long.compareUnsigned(cursor.start(), before) < 0 || cursor.size() <= 0) {
                throw new AssertionError(cursor + " after " + Long.toHexString(before));
            }
        }
    }

    /** Both backends return equal fields of mappings that stay. */
    @Test
    void backendsAgreeOnMappingsThatStay() throws Exception {
        Queries.assumeSupported();
        MapSnapshot text = child.maps().snapshot(MapFilter.all().by(Backend.TEXT));
        MapSnapshot query = child.maps().snapshot(MapFilter.all().by(Backend.QUERY));
        churn("all");
        long began = System.nanoTime();
        for (int changed = 0;
                System.nanoTime() - began < NANOS
                        || changed < MIN_CHANGED && System.nanoTime() - began < 100 * NANOS; ) {
            changed += child.maps().refresh(text) ? 1 : 0;
            child.maps().refresh(query);
            for (long start : standing) {
                assertThat(MapsLine.of(query.cursor().seek(query.find(start))))
                        .isEqualTo(MapsLine.of(text.cursor().seek(text.find(start))));
            }
        }
        child.command("join");
        assertThat(child.maps().readStable(text, 2) && child.maps().readStable(query, 2))
                .as("quiet again")
                .isTrue();
        assertThat(query.size()).isEqualTo(text.size());
        MapCursor of = text.cursor();
        MapCursor other = query.cursor();
        while (other.next()) {
            assertThat(of.next()).isTrue();
            assertThat(MapsLine.of(other)).isEqualTo(MapsLine.of(of));
        }
    }
}
