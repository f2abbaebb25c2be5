package org.mapfiles;

import org.mapfiles.live.LiveMaps;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A reader of LiveMaps resolves an address of this process, while mappings change and snapshots are refreshed. */
@JCStressTest
@Outcome(
        id = {"right", "newer"},
        expect = Expect.ACCEPTABLE,
        desc = "the mapping, or the snapshot was replaced and the reader tries again")
@Outcome(expect = Expect.FORBIDDEN, desc = "another mapping, fields of two states, or none")
@State
public class LiveStress {
    private static final LiveSnapshots SNAPSHOTS = new LiveSnapshots();

    private final LiveMaps.Reader reader = SNAPSHOTS.live.reader();

    /** Makes a reader for each run, because a reader belongs to one thread. */
    public LiveStress() {}

    @Actor
    public void refresh() {
        SNAPSHOTS.next();
    }

    @Actor
    public void resolve(L_Result result) {
        result.r1 = SNAPSHOTS.resolve(reader);
    }
}
