package org.mapfiles;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A cursor reads while another thread makes the snapshot show other pictures. */
public class CursorStress {
    private static final SavedSnapshots SNAPSHOTS = new SavedSnapshots();

    private CursorStress() {
    }

    /** As LiveMaps.Reader does: goes to an address, and reads all of the mapping. */
    @JCStressTest
    @Outcome(id = {"first", "second", "third"}, expect = Expect.ACCEPTABLE, desc = "a mapping of one picture")
    @Outcome(id = "newer", expect = Expect.ACCEPTABLE, desc = "the reader is told to look again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a mix")
    @State
    public static class Resolve {
        private final MapCursor cursor = SNAPSHOTS.snapshot.cursor();

        @Actor
        public void refresh() {
            SNAPSHOTS.turn();
            SNAPSHOTS.turn();
        }

        @Actor
        public void resolve(L_Result result) {
            try {
                if (!cursor.goTo(SavedSnapshots.ADDRESS)) {
                    result.r1 = "not found";
                    return;
                }
                String told = Long.toHexString(cursor.start()) + " " + Long.toHexString(cursor.end()) + " " + cursor.inode() + " "
                        + Long.toHexString(cursor.offset()) + " " + cursor.permissions() + " " + cursor.name();
                result.r1 = told.equals("30000 36000 12 1000 r-xp /first") ? "first"
                        : told.equals("35000 39000 13 2000 rw-s /the/second") ? "second"
                        : told.equals("34000 3a000 14 3000 r--p /here/is/the/third") ? "third" : told;
            } catch (IllegalStateException newer) {
                result.r1 = "newer";
            }
        }
    }

    /** From the first mapping to the last. */
    @JCStressTest
    @Outcome(id = {"first", "second", "third"}, expect = Expect.ACCEPTABLE, desc = "the mappings of one picture")
    @Outcome(id = "newer", expect = Expect.ACCEPTABLE, desc = "the reader is told to look again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a mix")
    @State
    public static class Walk {
        private final MapCursor cursor = SNAPSHOTS.snapshot.cursor();

        @Actor
        public void refresh() {
            SNAPSHOTS.turn();
            SNAPSHOTS.turn();
        }

        @Actor
        public void walk(L_Result result) {
            try {
                long size = 0;
                cursor.reset();
                while (cursor.next()) {
                    size += cursor.size();
                }
                result.r1 = size == SavedSnapshots.FIRST_SIZE ? "first" : size == SavedSnapshots.SECOND_SIZE ? "second"
                        : size == SavedSnapshots.THIRD_SIZE ? "third" : Long.toHexString(size);
            } catch (IllegalStateException newer) {
                result.r1 = "newer";
            }
        }
    }
}
