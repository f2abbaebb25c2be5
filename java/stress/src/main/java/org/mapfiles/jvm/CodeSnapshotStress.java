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
    private static final long[] STARTS = new long[2];
    private static final String[] NAMES = new String[2];

    static {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            SNAPSHOT = reader.snapshot();
        } catch (MapsException e) {
            throw new LinkageError("no snapshot", e);
        }
        List<Long> starts = new ArrayList<>();
        SNAPSHOT.forEach(code -> starts.add(code.start()));
        CodeInfo info = new CodeInfo();
        for (int i = 0; i < STARTS.length; i++) {
            STARTS[i] = starts.get((2 * i + 1) * starts.size() / 4);
            SNAPSHOT.find(STARTS[i], info);
            NAMES[i] = info.toString();
        }
    }

    private final CodeInfo first = new CodeInfo();
    private final CodeInfo second = new CodeInfo();

    /** Makes a holder for each thread, because a holder belongs to one thread. */
    public CodeSnapshotStress() {}

    private static String find(int number, CodeInfo info) {
        boolean isFound = SNAPSHOT.find(STARTS[number], info);
        return isFound && info.start() == STARTS[number] && info.toString().equals(NAMES[number])
                ? "right"
                : isFound ? info.toString() : "none";
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
