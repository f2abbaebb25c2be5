package org.mapfiles.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/** The benchmarks. {@code benchmarks/README.md} describes each. */
enum Benchmark {
    FULL_SNAPSHOT,
    PEERS,
    EXECUTABLE_SNAPSHOT,
    REFRESH,
    FIRST_SNAPSHOT,
    ITERATE,
    RESOLVE,
    QUERY,
    READLINK,
    STAT,
    OPEN_FILE,
    LIST_FILES,
    RESIDENT,
    SYMBOLS,
    JAVA_METHOD,
    CODE_FROM_OUTSIDE,
    RECORD_CODE,
    LIVE_RESOLVE,
    CHANGE_LATENCY,
    EVENTS_OVERHEAD,
    RETRIES,
    COMMAND_LINE;

    /** Returns the name on the command line, such as {@code open-file}. The names of its figures start with it. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the benchmark with a label. */
    static Benchmark of(String label) {
        return Arrays.stream(values())
                .filter(benchmark -> benchmark.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no benchmark " + label));
    }
}
