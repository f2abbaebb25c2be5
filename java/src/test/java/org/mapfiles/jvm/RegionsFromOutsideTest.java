package org.mapfiles.jvm;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;

/** Compares the regions of another JVM, with every collector, with its own report and with its System.map. */
class RegionsFromOutsideTest {
    private static final long PAGE = 4096;
    /** Pairs of kinds that may differ between both views. */
    private static final Set<JvmRegions.Kind> OF_THE_C_LIBRARY =
            EnumSet.of(JvmRegions.Kind.MALLOC, JvmRegions.Kind.DIRECT_BUFFER);

    static List<String> options() throws Exception {
        List<String> options = new ArrayList<>(Collectors.options());
        options.add("-XX:+UnlockExperimentalVMOptions -XX:+UseEpsilonGC");
        int version = Runtime.version().feature();
        if (version >= 21 && version <= 23) { // the mode that is not the default
            options.add("-XX:+UseZGC -XX:" + (version < 23 ? '+' : '-') + "ZGenerational");
        }
        if (options.contains("-XX:+UseShenandoahGC") && version >= 25) {
            options.add("-XX:+UseShenandoahGC -XX:ShenandoahGCMode=generational");
        }
        options.add("-XX:+UseSerialGC -XX:-UseCompressedOops -XX:-UseCompressedClassPointers -Xshare:off");
        return options;
    }

    private static Process start(String collector, String tracking) throws Exception {
        return new ChildJvm()
                .with(collector.split(" "))
                .with("-XX:NativeMemoryTracking=" + tracking, "-Xmx512m")
                .start(RegionsFromOutsideMain.class);
    }

    private static void awaitReady(Process jvm) throws Exception {
        String line;
        do {
            line = jvm.inputReader().readLine();
            assertThat(line).isNotNull();
        } while (!line.equals("READY"));
    }

    /** Reads the regions, which must be in order and complete. */
    private static JvmRegions read(ProcessMaps maps, String collector) throws Exception {
        JvmRegions regions = JvmRegions.read(maps);
        inOrder(regions);
        complete(regions, collector);
        return regions;
    }

    @ParameterizedTest
    @MethodSource("options")
    void regionsAgreeWithTheReportOfTheJvm(String collector) throws Exception {
        Process jvm = start(collector, "summary");
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            List<long[]> parts = new ArrayList<>();
            StringBuilder map = new StringBuilder();
            StringBuilder all = new StringBuilder();
            BufferedReader in = jvm.inputReader();
            String line;
            while ((line = in.readLine()) != null && !line.equals("READY")) {
                all.append(line).append('\n');
                String[] words = line.split(" ");
                if (words[0].equals("PART")) {
                    parts.add(new long[] {
                        Long.parseUnsignedLong(words[1], 16),
                        Long.parseUnsignedLong(words[2], 16),
                        JvmRegions.Kind.valueOf(words[3]).ordinal()
                    });
                } else if (words[0].equals("MAP")) {
                    map.append(line.substring(4)).append('\n');
                }
            }
            assertThat(line).as(all.toString()).isNotNull();
            JvmRegions regions = read(maps, collector);
            agreesWith(parts, regions, collector);
            if (Runtime.version().feature() >= 24) {
                long[] counts = SystemMapMain.agreement(regions, map.toString());
                System.out.printf(
                        "%s from outside: System.map agrees in %.2f %% of bytes and %d of %d mappings that both name%n",
                        collector, 100.0 * counts[1] / counts[0], counts[3], counts[2]);
                assertThat(counts[1]).as("bytes").isGreaterThanOrEqualTo((long) (0.99 * counts[0]));
                assertThat(counts[2]).as("mappings that both name").isGreaterThan(20);
            }
            hardlyAnythingIsUnknown(regions, jvm.pid(), collector);
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** The committed range is the reserved one then. */
    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC"})
    void spacesOfAWholeHeapHaveTheirNames(String collector) throws Exception {
        Process jvm = new ChildJvm().with(collector, "-Xms64m", "-Xmx64m").start(RegionsFromOutsideMain.class);
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            awaitReady(jvm);
            assertThat(details(JvmRegions.read(maps), JvmRegions.Kind.JAVA_HEAP))
                    .containsExactly("eden space", "old generation", "survivor space, from", "survivor space, to");
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** All but the card table are found by symbols that libjvm does not export. */
    @Test
    void tablesOfTheParallelCollectorHaveTheirNames() throws Exception {
        Path libjvm = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
        assumeTrue(
                new String(Files.readAllBytes(libjvm), ISO_8859_1).contains(CollectorTables.MARK_BITMAP),
                "libjvm.so has no symbol table");
        Process jvm = new ChildJvm().with("-XX:+UseParallelGC", "-Xmx64m").start(RegionsFromOutsideMain.class);
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            awaitReady(jvm);
            assertThat(details(JvmRegions.read(maps), JvmRegions.Kind.GC))
                    .containsExactly("card table", "mark bits", "object starts", "summary of the heap");
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Without tracking, memory of malloc has no headers of the JVM, and the JVM itself reports less. */
    @ParameterizedTest
    @MethodSource("options")
    void hardlyAnyResidentMemoryIsUnknownWithoutTracking(String collector) throws Exception {
        Process jvm = start(collector, "off");
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            awaitReady(jvm);
            JvmRegions regions = read(maps, collector);
            hardlyAnythingIsUnknown(regions, jvm.pid(), collector + ", without tracking,");
        } finally {
            jvm.destroyForcibly();
        }
    }

    private static Set<String> details(JvmRegions regions, JvmRegions.Kind kind) {
        Set<String> details = new TreeSet<>();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == kind) {
                details.add(regions.detail(i));
            }
        }
        return details;
    }

    private static void hardlyAnythingIsUnknown(JvmRegions regions, long pid, String title) throws Exception {
        long[] unknown = unknownAndResident(regions, pid);
        System.out.printf(
                "%s from outside: %d of %d KiB resident are unknown%n", title, unknown[0] >> 10, unknown[1] >> 10);
        assertThat(unknown[0]).as("unknown resident bytes").isLessThanOrEqualTo(unknown[1] / 100);
    }

    private static void inOrder(JvmRegions regions) {
        for (int i = 0; i < regions.size(); i++) {
            assertThat(Long.compareUnsigned(regions.start(i), regions.end(i))).isNegative();
            assertThat(i == 0 || Long.compareUnsigned(regions.end(i - 1), regions.start(i)) <= 0)
                    .isTrue();
        }
    }

    private static void complete(JvmRegions regions, String collector) {
        for (JvmRegions.Kind region : new JvmRegions.Kind[] {
            JvmRegions.Kind.JAVA_HEAP,
            JvmRegions.Kind.CODE_HEAP,
            JvmRegions.Kind.METASPACE,
            JvmRegions.Kind.THREAD_STACK,
            JvmRegions.Kind.LIBRARY,
            JvmRegions.Kind.FILE,
            JvmRegions.Kind.MALLOC,
            JvmRegions.Kind.JVM_OTHER
        }) {
            assertThat(regions.bytes(region)).as("%s %s", region, collector).isPositive();
        }
        assertThat(regions.bytes(JvmRegions.Kind.JAVA_HEAP)).isGreaterThanOrEqualTo(512 << 20);
        if (!collector.contains("-UseCompressedClassPointers")) {
            assertThat(regions.bytes(JvmRegions.Kind.CLASS_SPACE))
                    .as("class space")
                    .isGreaterThanOrEqualTo(1L << 30);
        }
        if (!collector.contains("Epsilon")) {
            assertThat(regions.bytes(JvmRegions.Kind.GC)).as("the collector's").isPositive();
        }
    }

    private static void agreesWith(List<long[]> parts, JvmRegions regions, String collector) {
        long both = 0;
        long same = 0;
        for (long[] part : parts) {
            for (int i = 0; i < regions.size(); i++) {
                long from = Math.max(regions.start(i), part[0]);
                long to = Math.min(regions.end(i), part[1]);
                JvmRegions.Kind own = JvmRegions.Kind.values()[(int) part[2]];
                JvmRegions.Kind outside = regions.region(i);
                if (part[0] < 0
                        || regions.start(i) < 0
                        || from >= to
                        || own == JvmRegions.Kind.UNKNOWN
                        || outside == JvmRegions.Kind.UNKNOWN) {
                    continue;
                }
                boolean agrees = own == outside || OF_THE_C_LIBRARY.contains(own) && OF_THE_C_LIBRARY.contains(outside);
                both += to - from;
                same += agrees ? to - from : 0;
                assertThat(outside == JvmRegions.Kind.GC && !agrees)
                        .as("%s: %x-%x is %s, not the collector's %s", collector, from, to, own, regions.detail(i))
                        .isFalse();
                if (!agrees) {
                    System.out.printf(
                            "%s: %x-%x is %s itself, %s %s from outside%n",
                            collector, from, to, own, outside, regions.detail(i));
                }
            }
        }
        System.out.printf(
                "%s from outside: the JVM itself agrees in %.3f %% of %d MiB%n",
                collector, 100.0 * same / both, both >> 20);
        assertThat(both).isGreaterThan(600 << 20);
        assertThat(same).isGreaterThanOrEqualTo((long) (0.9999 * both));
    }

    /** Returns the resident bytes of unknown regions and of all regions, by the kernel's record of each page. */
    private static long[] unknownAndResident(JvmRegions regions, long pid) throws Exception {
        long[] bytes = new long[2];
        try (RandomAccessFile pages = new RandomAccessFile("/proc/" + pid + "/pagemap", "r")) {
            for (int i = 0; i < regions.size(); i++) {
                // larger: mostly reserved
                if (regions.start(i) >= 0 && regions.end(i) - regions.start(i) <= 1L << 30) {
                    long resident = PAGE * present(pages, regions.start(i) / PAGE, (regions.end(i) + PAGE - 1) / PAGE);
                    bytes[0] += regions.region(i) == JvmRegions.Kind.UNKNOWN ? resident : 0;
                    bytes[1] += resident;
                }
            }
        }
        return bytes;
    }

    /** Returns the number of resident pages: bit 63 of each record (Documentation/admin-guide/mm/pagemap.rst). */
    private static long present(RandomAccessFile pages, long from, long to) throws Exception {
        byte[] records = new byte[Math.toIntExact((to - from) * Long.BYTES)];
        pages.seek(from * Long.BYTES);
        pages.readFully(records);
        long count = 0;
        for (int i = Long.BYTES - 1; i < records.length; i += Long.BYTES) {
            count += records[i] < 0 ? 1 : 0;
        }
        return count;
    }
}
