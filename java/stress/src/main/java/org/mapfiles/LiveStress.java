package org.mapfiles;

import org.mapfiles.live.LiveMaps;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A reader of LiveMaps resolves in this very process, while its mappings change and pictures of them are taken. */
@JCStressTest
@Outcome(id = {"right", "newer"}, expect = Expect.ACCEPTABLE,
        desc = "the mapping, or the reader is told to look again")
@Outcome(expect = Expect.FORBIDDEN, desc = "another mapping, a mix, or none")
@State
public class LiveStress {
    private static final LiveSnapshots SNAPSHOTS = new LiveSnapshots();

    private final LiveMaps.Reader reader = SNAPSHOTS.live.reader();

    /** A reader for each try, as each belongs to one thread. */
    public LiveStress() {
    }

    @Actor
    public void refresh() {
        SNAPSHOTS.turn();
    }

    @Actor
    public void resolve(L_Result result) {
        result.r1 = SNAPSHOTS.resolve(reader);
    }
}
