package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.testing.ChildJvm;

/** Loading classes and linking lambdas is most of the time that the first use of the library takes. */
class FirstUseTest {
    private static final Pattern OWN_EXCEPTION =
            Pattern.compile("org\\.mapfiles\\.\\S*(Exception|TooLarge)(?= source)");

    /** The first lambda of a JVM takes milliseconds. */
    @Test
    void noLambdaIsLinked() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm().with("-Xlog:class+load").run(FirstUseMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output())
                .contains("live true")
                .contains("address true, file ")
                .contains("org.mapfiles.symbols.SymbolTable")
                .doesNotContainPattern("org\\.mapfiles\\.\\S+\\$\\$Lambda");
    }

    /**
     * The verifier loads each exception that a method throws or catches by its own type: a quarter of a millisecond.
     */
    @Test
    void exceptionsAreLoadedWhenTheyAreThrown() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm().with("-Xlog:class+load").run(SnapshotAndSymbolMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        List<String> loaded = OWN_EXCEPTION
                .matcher(outcome.output())
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toList());
        assertThat(outcome.output()).contains("snapshot true, symbol true");
        assertThat(loaded).containsExactly("org.mapfiles.MapsException");
    }

    /** Makes a snapshot, and names a function. */
    static final class SnapshotAndSymbolMain {
        private SnapshotAndSymbolMain() {}

        public static void main(String[] arguments) throws Exception {
            Path libjvm = Path.of(System.getProperty("java.home"), "lib", "server", "libjvm.so");
            try (ProcessMaps maps = ProcessMaps.self();
                    SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                boolean hasMappings = maps.snapshot().size() > 0;
                boolean isNamed = false;
                SymbolInfo info = new SymbolInfo();
                for (long address = 0x100000; address < 0x2000000 && !isNamed; address += 0x1000) {
                    isNamed = cache.open(libjvm).find(address, info) && info.name() != null;
                }
                System.out.println("snapshot " + hasMappings + ", symbol " + isNamed);
            }
        }
    }
}
