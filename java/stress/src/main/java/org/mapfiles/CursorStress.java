package org.mapfiles;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A cursor reads while another thread replaces the state of the snapshot. */
public class CursorStress {
    private static final SavedSnapshots SNAPSHOTS = new SavedSnapshots();

    private CursorStress() {}

    /** Goes to an address, and reads all fields of the mapping, as LiveMaps.Reader does. */
    @JCStressTest
    @Outcome(
            id = {"first", "second", "third"},
            expect = Expect.ACCEPTABLE,
            desc = "a mapping of one state")
    @Outcome(id = "newer", expect = Expect.ACCEPTABLE, desc = "the snapshot was replaced: the reader tries again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "fields of two states")
    @State
    public static class Resolve {
        private final MapCursor cursor = SNAPSHOTS.snapshot.cursor();

        @Actor
        public void refresh() {
            SNAPSHOTS.next();
            SNAPSHOTS.next();
        }

        @Actor
        public void resolve(L_Result result) {
            try {
                if (!cursor.goTo(SavedSnapshots.ADDRESS)) {
                    result.r1 = "not found";
                    return;
                }
                String fields = Long.toHexString(cursor.start()) + " " + Long.toHexString(cursor.end()) + " "
                        + cursor.inode() + " " + Long.toHexString(cursor.offset()) + " " + cursor.permissions() + " "
                        + cursor.name();
                result.r1 = fields.equals("30000 36000 12 1000 r-xp /first")
                        ? "first"
                        : fields.equals("35000 39000 13 2000 rw-s /the/second")
                                ? "second"
                                : fields.equals("34000 3a000 14 3000 r--p /here/is/the/third") ? "third" : fields;
            } catch (IllegalStateException newer) {
                result.r1 = "newer";
            }
        }
    }

    /** Iterates over all mappings. */
    @JCStressTest
    @Outcome(
            id = {"first", "second", "third"},
            expect = Expect.ACCEPTABLE,
            desc = "the mappings of one state")
    @Outcome(id = "newer", expect = Expect.ACCEPTABLE, desc = "the snapshot was replaced: the reader tries again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "fields of two states")
    @State
    public static class Iterate {
        private final MapCursor cursor = SNAPSHOTS.snapshot.cursor();

        @Actor
        public void refresh() {
            SNAPSHOTS.next();
            SNAPSHOTS.next();
        }

        @Actor
        public void iterate(L_Result result) {
            try {
                long size = 0;
                cursor.reset();
                while (cursor.next()) {
                    size += cursor.size();
                }
                result.r1 = size == SavedSnapshots.FIRST_SIZE
                        ? "first"
                        : size == SavedSnapshots.SECOND_SIZE
                                ? "second"
                                : size == SavedSnapshots.THIRD_SIZE ? "third" : Long.toHexString(size);
            } catch (IllegalStateException newer) {
                result.r1 = "newer";
            }
        }
    }
}
