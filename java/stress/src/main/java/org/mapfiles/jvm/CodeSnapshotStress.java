package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** Two threads find different code in one snapshot. */
@JCStressTest
@Outcome(id = "right, right", expect = Expect.ACCEPTABLE, desc = "each thread finds the code at its address")
@Outcome(expect = Expect.FORBIDDEN, desc = "the code at another address, or none")
@State
public class CodeSnapshotStress {
    private static final JvmCodeSnapshot SNAPSHOT;
    private static final long PAGE = 4096;
    private static final int FINDS = 20; // the search is short: one after the other meet more often
    private static final long[] STARTS = new long[2];

    static {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            SNAPSHOT = reader.snapshot();
        } catch (MapsException e) {
            throw new LinkageError("no snapshot", e);
        }
        List<Long> starts = new ArrayList<>();
        SNAPSHOT.forEach(code -> starts.add(code.start()));
        STARTS[0] = lastOfFullestPage(starts.subList(0, starts.size() / 2));
        STARTS[1] = lastOfFullestPage(starts.subList(starts.size() / 2, starts.size()));
    }

    /** Returns the address whose search is the longest: it begins with the first code of the page. */
    private static long lastOfFullestPage(List<Long> starts) {
        int most = 0;
        int count = 0;
        long last = starts.get(0);
        for (int i = 0; i < starts.size(); i++) {
            count = i > 0 && starts.get(i) / PAGE == starts.get(i - 1) / PAGE ? count + 1 : 1;
            if (count > most) {
                most = count;
                last = starts.get(i);
            }
        }
        return last;
    }

    private final CodeInfo first = new CodeInfo();
    private final CodeInfo second = new CodeInfo();

    /** Makes a holder for each thread, because a holder belongs to one thread. */
    public CodeSnapshotStress() {}

    private static String find(int number, CodeInfo info) {
        for (int i = 0; i < FINDS; i++) {
            if (!SNAPSHOT.find(STARTS[number], info)) {
                return "none";
            }
            if (info.start() != STARTS[number]) {
                return info.toString();
            }
        }
        return "right";
    }

    @Actor
    public void findFirst(LL_Result result) {
        result.r1 = find(0, first);
    }

    @Actor
    public void findSecond(LL_Result result) {
        result.r2 = find(1, second);
    }
}
