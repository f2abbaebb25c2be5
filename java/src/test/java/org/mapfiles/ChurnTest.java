package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Queries;
import org.mapfiles.testing.SpecialMappingsProcess;

/** What of a process whose threads map, unmap, split, merge and remap while its mappings are read? */
class ChurnTest {
    private static final int MILLISECONDS = 700;
    private static final int STANDING = 16; // pages of each thread's area, as odd_churn.c has them

    @RegisterExtension final SpecialMappingsProcess child = SpecialMappingsProcess.with("plain");

    private final List<Long> standing = new ArrayList<>();
    private long page;

    /** Threads begin, and say which pages stand all the time among what they change. */
    private void churn(String way) throws Exception {
        String[] said = child.tell("churn " + MILLISECONDS + " " + way).split(" ");
        long apart = Long.parseLong(said[0]);
        page = apart / 32;
        for (int i = 1; i < said.length; i++) {
            for (int k = 0; k < STANDING; k++) {
                standing.add(Long.parseLong(said[i], 16) + k * apart);
            }
        }
    }

    /** Each picture is in order, without an overlap, and has all that stood throughout, once and as it is. */
    @ParameterizedTest
    @CsvSource({"TEXT,map", "TEXT,split", "TEXT,remap", "TEXT,all", "QUERY,map", "QUERY,split", "QUERY,remap", "QUERY,all"})
    void eachPictureIsInOrderAndHoldsWhatStays(Backend backend, String way) throws Exception {
        if (backend == Backend.QUERY) {
            Queries.assumeSupported();
        }
        MapSnapshot snapshot = child.maps().snapshot(MapFilter.all().by(backend));
        int changed = 0;
        churn(way);
        long end = System.nanoTime() + MILLISECONDS * 800_000L;
        while (System.nanoTime() < end) {
            changed += child.maps().refresh(snapshot) ? 1 : 0;
            check(snapshot);
            assertThat(snapshot.retries()).isBetween(0, 4);
        }
        assertThat(changed).as("it did move").isPositive();
        assertThat(Long.parseLong(child.tell("join"))).as("changes").isGreaterThan(1_000);
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
            assertThat(cursor.seek(index).inode()).as("%s", made).isEqualTo(made.line().inode());
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
            assertThat(cursor.name()).as("%x", start).endsWith("/odd_process");
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

    /** Of what does not move, both ways tell the same, to the last field. */
    @Test
    void bothBackendsTellTheSameOfWhatStays() throws Exception {
        Queries.assumeSupported();
        MapSnapshot text = child.maps().snapshot(MapFilter.all().by(Backend.TEXT));
        MapSnapshot query = child.maps().snapshot(MapFilter.all().by(Backend.QUERY));
        churn("all");
        long end = System.nanoTime() + MILLISECONDS * 800_000L;
        while (System.nanoTime() < end) {
            child.maps().refresh(text);
            child.maps().refresh(query);
            for (long start : standing) {
                assertThat(MapsLine.of(query.cursor().seek(query.find(start)))).isEqualTo(MapsLine.of(text.cursor().seek(text.find(start))));
            }
        }
        child.tell("join");
        assertThat(child.maps().readStable(text, 2) && child.maps().readStable(query, 2)).as("quiet again").isTrue();
        assertThat(query.size()).isEqualTo(text.size());
        MapCursor of = text.cursor();
        MapCursor other = query.cursor();
        while (other.next()) {
            assertThat(of.next()).isTrue();
            assertThat(MapsLine.of(other)).isEqualTo(MapsLine.of(of));
        }
    }
}
