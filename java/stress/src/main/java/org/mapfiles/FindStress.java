package org.mapfiles;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** An address is looked up while another thread makes the snapshot show the other picture, and the first again. */
public class FindStress {
    private static final TwoPictures PICTURES = new TwoPictures();

    private FindStress() {
    }

    /** One address. */
    @JCStressTest
    @Outcome(id = {"0", "2"}, expect = Expect.ACCEPTABLE, desc = "its index in one of the pictures")
    @Outcome(expect = Expect.FORBIDDEN, desc = "its index in none of them")
    @State
    public static class One {
        @Actor
        public void refresh() {
            PICTURES.turn();
            PICTURES.turn();
        }

        @Actor
        public void find(I_Result result) {
            result.r1 = PICTURES.snapshot.find(TwoPictures.ADDRESS);
        }
    }

    /** A batch. */
    @JCStressTest
    @Outcome(id = {"0", "2"}, expect = Expect.ACCEPTABLE, desc = "all indices are of one picture")
    @Outcome(expect = Expect.FORBIDDEN, desc = "they are of two, or of none")
    @State
    public static class Batch {
        private final long[] addresses = {TwoPictures.ADDRESS, TwoPictures.ADDRESS, TwoPictures.ADDRESS, TwoPictures.ADDRESS,
            TwoPictures.ADDRESS};
        private final int[] indices = new int[addresses.length];

        @Actor
        public void refresh() {
            PICTURES.turn();
            PICTURES.turn();
        }

        @Actor
        public void find(I_Result result) {
            PICTURES.snapshot.find(addresses, indices);
            result.r1 = indices[0];
            for (int index : indices) {
                result.r1 = index == indices[0] ? result.r1 : -2;
            }
        }
    }
}
