package org.mapfiles.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Finds the compiled method of an address in this JVM. The set-up verifies that both implementations agree. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class JavaMethodBenchmark {
    private static final int SAMPLES = 1 << 16; // more than a branch predictor can learn

    @Param({"10000", "100000"})
    int blobs;

    private final long[] samples = new long[SAMPLES];
    private final ConcurrentSkipListMap<Long, Long> map = new ConcurrentSkipListMap<>();
    private final CodeInfo info = new CodeInfo();
    private JvmCode code;

    @SuppressWarnings("UnusedVariable") // keeps the compiled code reachable
    private List<Object> kept;

    private int next;

    @Setup
    public void compile() throws ReflectiveOperationException {
        code = JvmCode.open(512 << 20);
        kept = CodeBlobs.compile(code, blobs);
        List<long[]> methods = CodeBlobs.methods(code);
        for (long[] method : methods) {
            map.put(method[0], method[1]);
        }
        Random random = new Random(5);
        for (int i = 0; i < SAMPLES; i++) {
            long[] method = methods.get(random.nextInt(methods.size()));
            samples[i] = method[0] + random.nextInt((int) (method[1] - method[0]));
            if (code.find(samples[i], info) && info.start() != method[0]) {
                throw new IllegalStateException("the implementations differ: " + info);
            }
        }
    }

    @Benchmark
    public long find() {
        return code.find(samples[next++ & SAMPLES - 1], info) ? info.start() : 0;
    }

    /** Also compares the recorded code with the memory of the JVM. */
    @Benchmark
    public CodeInfo.Certainty findAndCheck() {
        code.find(samples[next++ & SAMPLES - 1], info);
        return info.certainty();
    }

    @Benchmark
    public long skipListMap() {
        long address = samples[next++ & SAMPLES - 1];
        Map.Entry<Long, Long> entry = map.floorEntry(address);
        return entry != null && address < entry.getValue() ? entry.getKey() : 0;
    }
}
