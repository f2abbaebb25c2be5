package org.mapfiles;

import java.util.Arrays;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Finds addresses while another thread replaces the state of the snapshot. */
public class FindStress {
    private static final SavedSnapshots SNAPSHOTS = new SavedSnapshots();

    private FindStress() {}

    /** Finds one address. */
    @JCStressTest
    @Outcome(
            id = {"0", "1", "2"},
            expect = Expect.ACCEPTABLE,
            desc = "its index in one of the states")
    @Outcome(expect = Expect.FORBIDDEN, desc = "its index in no state")
    @State
    public static class One {
        @Actor
        public void refresh() {
            SNAPSHOTS.next();
            SNAPSHOTS.next();
        }

        @Actor
        public void find(I_Result result) {
            result.r1 = SNAPSHOTS.snapshot.find(SavedSnapshots.ADDRESS);
        }
    }

    /** Finds a batch of addresses. */
    @JCStressTest
    @Outcome(
            id = {"0", "1", "2"},
            expect = Expect.ACCEPTABLE,
            desc = "all indices are of one state")
    @Outcome(expect = Expect.FORBIDDEN, desc = "indices of two states, or of none")
    @State
    public static class Batch {
        /** Finding all of them takes longer than replacing the state twice. */
        private static final long[] ADDRESSES = new long[4096];

        static {
            Arrays.fill(ADDRESSES, SavedSnapshots.ADDRESS);
        }

        private final int[] indices = new int[ADDRESSES.length];

        @Actor
        public void refresh() {
            SNAPSHOTS.next();
            SNAPSHOTS.next();
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
