package org.mapfiles;

import java.util.Arrays;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** An address is looked up while another thread makes the snapshot show other pictures. */
public class FindStress {
    private static final SavedSnapshots SNAPSHOTS = new SavedSnapshots();

    private FindStress() {
    }

    /** One address. */
    @JCStressTest
    @Outcome(id = {"0", "1", "2"}, expect = Expect.ACCEPTABLE, desc = "its index in one of the pictures")
    @Outcome(expect = Expect.FORBIDDEN, desc = "its index in none of them")
    @State
    public static class One {
        @Actor
        public void refresh() {
            SNAPSHOTS.turn();
            SNAPSHOTS.turn();
        }

        @Actor
        public void find(I_Result result) {
            result.r1 = SNAPSHOTS.snapshot.find(SavedSnapshots.ADDRESS);
        }
    }

    /** A batch. */
    @JCStressTest
    @Outcome(id = {"0", "1", "2"}, expect = Expect.ACCEPTABLE, desc = "all indices are of one picture")
    @Outcome(expect = Expect.FORBIDDEN, desc = "they are of two, or of none")
    @State
    public static class Batch {
        /** So many that a look-up of all takes longer than to show another picture, twice. */
        private static final long[] ADDRESSES = new long[4096];

        static {
            Arrays.fill(ADDRESSES, SavedSnapshots.ADDRESS);
        }

        private final int[] indices = new int[ADDRESSES.length];

        @Actor
        public void refresh() {
            SNAPSHOTS.turn();
            SNAPSHOTS.turn();
        }

        @Actor
        public void find(I_Result result) {
            SNAPSHOTS.snapshot.find(ADDRESSES, indices);
            result.r1 = indices[0];
            for (int index : indices) {
                result.r1 = index == indices[0] ? result.r1 : -2;
            }
        }
    }
}
