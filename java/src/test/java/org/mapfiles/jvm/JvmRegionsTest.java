package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;

/** Compares the use of memory of a JVM with System.map of that JVM, if it has that command, with every collector. */
class JvmRegionsTest {
    @ParameterizedTest
    @MethodSource("org.mapfiles.jvm.Collectors#options")
    void regionsAgreeWithTheJvm(String collector) throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm()
                .with(collector, "-XX:NativeMemoryTracking=summary", "-Xmx512m")
                .run(SystemMapMain.class);
        List<String> lines = outcome.output().lines().collect(Collectors.toList());
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(lines)
                .as(outcome.output())
                .contains("thread MALLOC", "stacks true own 2", "libjvm LIBRARY", "freed true")
                .noneMatch(line -> line.startsWith("WRONG"));
        String agree = lines.stream()
                .filter(line -> line.startsWith("agree "))
                .findFirst()
                .orElse(null);
        if (Runtime.version().feature() >= 24) {
            String[] counts = agree.split(" ");
            double bytes = Double.parseDouble(counts[2]) / Double.parseDouble(counts[1]);
            double mappings = Double.parseDouble(counts[4]) / Double.parseDouble(counts[3]);
            System.out.printf(
                    "%s: System.map agrees in %.2f %% of bytes and %.2f %% of %s mappings that both name%n",
                    collector, 100 * bytes, 100 * mappings, counts[3]);
            assertThat(bytes).as(outcome.output()).isGreaterThanOrEqualTo(0.99);
            assertThat(mappings).as(outcome.output()).isGreaterThanOrEqualTo(0.99);
            assertThat(Integer.parseInt(counts[3]))
                    .as("mappings that both name")
                    .isGreaterThan(30);
        }
    }

    /** With detailed native memory tracking hardly any memory is unknown, and more of it is the collector's. */
    @ParameterizedTest
    @MethodSource("org.mapfiles.jvm.Collectors#options")
    void memoryTrackingReducesUnknownMemory(String collector) throws Exception {
        long[][] unknownAndGc = new long[2][2];
        for (int detail = 0; detail < 2; detail++) {
            ChildJvm.Outcome outcome = new ChildJvm()
                    .with(collector, "-Xmx512m", "-XX:NativeMemoryTracking=" + (detail == 0 ? "off" : "detail"))
                    .run(SystemMapMain.class);
            String[] words = outcome.output()
                    .lines()
                    .filter(line -> line.startsWith("unknown "))
                    .findFirst()
                    .orElse("")
                    .split(" ");
            assertThat(words).as(outcome.output()).hasSize(4);
            assertThat(outcome.output().lines()).as(outcome.output()).noneMatch(line -> line.startsWith("WRONG"));
            unknownAndGc[detail] = new long[] {Long.parseLong(words[1]), Long.parseLong(words[3])};
        }
        System.out.printf(
                "%s: unknown %d KiB, with tracking %d; the collector's %d and %d%n",
                collector,
                unknownAndGc[0][0] >> 10,
                unknownAndGc[1][0] >> 10,
                unknownAndGc[0][1] >> 10,
                unknownAndGc[1][1] >> 10);
        assertThat(unknownAndGc[1][0]).as("unknown").isLessThan(8 << 20);
        assertThat(unknownAndGc[1][1]).as("the collector's").isGreaterThanOrEqualTo(unknownAndGc[0][1]);
    }

    @Test
    void regionsOfG1AgreeWithItsReport() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm()
                .with("-XX:+UseG1GC", "-Xmx512m", "-Xms256m", "-XX:G1HeapRegionSize=1m")
                .run(G1HeapMain.class);
        boolean hasArchive = Runtime.version().feature() == 17
                && Files.exists(Path.of(System.getProperty("java.home"), "lib/server/classes.jsa"));
        assertThat(outcome.output())
                .contains("young true, humongous true, all true")
                .contains("archived " + hasArchive + ", as VM.info says");
    }

    @Test
    void regionsOfShenandoahAgreeWithItsStructures() throws Exception {
        String shenandoah = "-XX:+UseShenandoahGC";
        assumeTrue(org.mapfiles.jvm.Collectors.options().contains(shenandoah), "this JDK has no Shenandoah");
        ChildJvm.Outcome outcome = new ChildJvm().with(shenandoah, "-Xmx64m").run(ShenandoahHeapMain.class);
        assertThat(outcome.output()).contains("humongous true, regular true, old false, map true");
        if (Runtime.version().feature() >= 25) {
            outcome = new ChildJvm()
                    .with(shenandoah, "-XX:ShenandoahGCMode=generational", "-Xmx64m")
                    .run(ShenandoahHeapMain.class);
            assertThat(outcome.output()).contains("humongous true, regular true, old true, map true");
        }
    }

    /** Some regions are unknown then; the others are reported. */
    @Test
    void regionsWithoutTheModuleOfDiagnosticCommands() throws Exception {
        ChildJvm.Outcome outcome =
                new ChildJvm().with("--limit-modules", "java.base").run(BytesOfRegions.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output().lines())
                .as(outcome.output())
                .anyMatch(line -> line.startsWith("JAVA_HEAP "))
                .anyMatch(line -> line.startsWith("CODE_HEAP "))
                .anyMatch(line -> line.startsWith("THREAD_STACK "))
                .anyMatch(line -> line.startsWith("LIBRARY "))
                .anyMatch(line -> line.startsWith("code "));
    }

    /** The JVM prints numbers in the locale of its environment. */
    @Test
    void decimalCommasChangeNothing() throws Exception {
        Process list = new ProcessBuilder("sh", "-c", "locale -a").start();
        String locale = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(name -> name.matches("(de|fr|es|it)_.*"))
                .findFirst()
                .orElse(null);
        assumeTrue(locale != null, "no locale with a comma");
        ChildJvm.Outcome outcome =
                new ChildJvm().under("env", "LC_ALL=" + locale).run(BytesOfRegions.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output().lines())
                .as(outcome.output())
                .anyMatch(line -> line.startsWith("METASPACE "))
                .anyMatch(line -> line.startsWith("CLASS_SPACE "));
    }

    /**
     * The JVM prints its arguments, with newlines, before its own lines; if some may be cut off, the report is ignored.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 1700, 1900, 1999, 2000, 2500})
    void argumentsThatLookLikeAReportAreIgnored(int before) throws Exception {
        String forged = "\n---------------  P R O C E S S  ---------------\n\nPolling page: 0x0000000000666000\n"
                + "CDS archive(s) mapped at: [0x0000000000001000-0x0000000000777000-0x0000000000777000).\n";
        String argument = forged + "\nDynamic libraries:\n";
        ChildJvm.Outcome outcome = new ChildJvm()
                .with("-Da=" + "x".repeat(before) + argument, "-Db=" + forged)
                .run(BelievedOfVmInfo.class, argument + forged);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("accepted 0, reported " + (before + argument.length() < 2000));
    }

    /** ZGC prints such a directory in its report, which is ignored if the name has more than one line. */
    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r"})
    void heapDirectoryThatLooksLikeAReportIsIgnored(String endOfLine, @TempDir Path directory) throws Exception {
        assumeTrue(org.mapfiles.jvm.Collectors.options().contains("-XX:+UseZGC"), "this JDK has no ZGC");
        Path heap = Files.createDirectory(
                directory.resolve("heap" + endOfLine + "Polling page: 0x0000000000666000" + endOfLine));
        ChildJvm.Outcome outcome = new ChildJvm()
                .with("-XX:+UseZGC", "-Xmx64m", "-XX:AllocateHeapAt=" + heap)
                .run(BelievedOfVmInfo.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("forged true").contains("accepted 0, reported " + endOfLine.equals("\r"));
    }

    /** Prints how many forged ranges of VM.info are accepted. */
    static final class BelievedOfVmInfo {
        private BelievedOfVmInfo() {}

        public static void main(String[] arguments) throws Exception {
            String info = DiagnosticCommands.vmInfo();
            String own;
            try (ProcessMaps maps = ProcessMaps.self();
                    JvmProcess jvm = JvmProcess.of(maps)) {
                own = VmInfo.ofTheJvm(info, CommandLine.lineEnds(jvm.vm()));
            }
            long forged = VmInfo.others(own).stream()
                    .filter(claim -> Long.compareUnsigned(claim.start(), 0x800000) < 0)
                    .count();
            System.out.println("forged " + info.contains("Polling page: 0x0000000000666000"));
            System.out.println(
                    "accepted " + forged + ", reported " + !VmInfo.others(own).isEmpty());
        }
    }

    /** Prints the bytes of each region. */
    static final class BytesOfRegions {
        private BytesOfRegions() {}

        public static void main(String[] arguments) throws Exception {
            JvmRegions regions = JvmRegions.read();
            for (JvmRegions.Kind region : JvmRegions.Kind.values()) {
                if (regions.bytes(region) > 0) {
                    System.out.println(region + " " + regions.bytes(region));
                }
            }
            System.out.println("code " + JvmCode.open().counts());
        }
    }

    @Test
    void findAllocatesNothing() throws Exception {
        JvmRegions regions = JvmRegions.read();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 5; series++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long sum = 0;
            for (int i = 0; i < 1_000; i++) {
                int index = regions.find(regions.start(i % regions.size()));
                sum += regions.end(index)
                        - regions.start(index)
                        + regions.region(index).ordinal()
                        + regions.detail(index).length();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertThat(sum).isNotZero();
        }
        assertThat(least).isZero();
        assertThat(regions.find(0)).isEqualTo(-1);
        assertThat(regions.find(-1)).isEqualTo(-1);
    }
}
