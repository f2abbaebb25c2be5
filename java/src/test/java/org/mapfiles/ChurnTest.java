package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What of a process whose mappings come and go while they are read? */
class ChurnTest {
    private static final int MILLISECONDS = 1000;

    @RegisterExtension final OddProcess child = OddProcess.with("plain");

    /** Each picture is in order, and shows all that did not move. */
    @ParameterizedTest
    @EnumSource
    void eachPictureIsInOrderAndHoldsWhatStays(Backend backend) throws Exception {
        if (backend == Backend.QUERY) {
            Queries.assumeSupported();
        }
        MapSnapshot snapshot = child.maps().snapshot(MapFilter.all().by(backend));
        MapCursor cursor = snapshot.cursor();
        int changed = 0;
        child.tell("churn " + MILLISECONDS);
        long end = System.nanoTime() + MILLISECONDS * 800_000L;
        while (System.nanoTime() < end) {
            changed += child.maps().refresh(snapshot) ? 1 : 0;
            cursor.reset();
            inOrder(cursor);
            for (OddProcess.Made made : child.made()) {
                int index = snapshot.find(made.line().start());
                assertThat(index).as("%s", made).isNotNegative();
                assertThat(cursor.seek(index).inode()).as("%s", made).isEqualTo(made.line().inode());
            }
            assertThat(snapshot.retries()).isBetween(0, 4);
        }
        assertThat(changed).as("it did move").isPositive();
        child.tell("join");
        assertThat(child.maps().settle(snapshot, 2)).as("quiet again").isTrue();
        assertThat(snapshot.isTorn()).isFalse();
    }

    private static void inOrder(MapCursor cursor) {
        long before = 0;
        while (cursor.next()) {
            if (Long.compareUnsigned(cursor.start(), before) < 0 || cursor.size() <= 0) {
                throw new AssertionError(cursor + " after " + Long.toHexString(before));
            }
            before = cursor.end();
        }
    }
}
