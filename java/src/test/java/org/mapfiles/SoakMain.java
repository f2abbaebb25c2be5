package org.mapfiles;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.timeline.MapTimeline;

/**
 * Refreshes, resolves, reads files and events and records code, while mappings, threads, classes and targets come and
 * go, and while descriptors and memory are used up. Samples descriptors, mappings, resident memory and direct memory,
 * and prints whether they are flat: see ci/soak.
 */
public final class SoakMain {
    private static final String[] METRICS = {"descriptors", "mappings", "resident MiB", "direct KiB"};
    /** Tolerances: the median of the last third may exceed that of the second third by so much. */
    private static final long[] TOLERANCE = {4, 96, 24, 1024};

    /** Rounds of each work before the time begins, and samples at least: a busy machine takes longer. */
    private static final int WARM_UP_ROUNDS = 10;

    private static final int MIN_SAMPLES = 30;
    private static final String[] WORK = {
        "refresh+resolve", "files", "events", "code", "live", "timeline", "churn", "classes", "targets", "faults"
    };

    private final ReentrantReadWriteLock pauses = new ReentrantReadWriteLock(true);
    private final ReentrantLock starts = new ReentrantLock(true);
    private final AtomicLongArray rounds = new AtomicLongArray(WORK.length);
    private final AtomicLongArray failures = new AtomicLongArray(WORK.length);
    private final Path file;
    private volatile boolean isOver;
    private volatile Throwable undocumented;
    private volatile long target;

    private final byte[] bytesOfClass;

    private SoakMain(Path file) throws IOException {
        this.file = file;
        try (InputStream in = SoakMain.class.getResourceAsStream("SoakMain$Loaded.class")) {
            bytesOfClass = in.readAllBytes();
        }
    }

    /** A round of work; what it opens, it closes. */
    private interface Round {
        void run(Random random) throws Exception;
    }

    /** Arguments: seconds, and a file that may be mapped. */
    public static void main(String[] arguments) throws Exception {
        long seconds = Long.parseLong(arguments[0]);
        SoakMain soak = new SoakMain(
                Files.write(Path.of(arguments[1]), new byte[1 << 20]).toRealPath());
        JvmCode.open(1 << 20);
        List<Thread> threads = new ArrayList<>();
        Round[] work = {
            soak::refresh,
            soak::files,
            soak::events,
            soak::code,
            soak::live,
            soak::timeline,
            soak::churn,
            soak::classes,
            soak::targets,
            soak::faults
        };
        for (int i = 0; i < work.length; i++) {
            int number = i;
            Thread thread = new Thread(() -> soak.repeat(number, work[number]), WORK[i]);
            thread.start();
            threads.add(thread);
        }
        List<long[]> samples = soak.sample(seconds);
        soak.isOver = true;
        for (Thread thread : threads) {
            thread.join();
        }
        System.exit(soak.report(samples, seconds, links()) ? 0 : 1);
    }

    private void repeat(int number, Round round) {
        Random random = new Random(number);
        while (!isOver && undocumented == null) {
            pauses.readLock().lock();
            try {
                round.run(random);
                rounds.incrementAndGet(number);
            } catch (IOException | IllegalStateException documented) {
                failures.incrementAndGet(number);
            } catch (OutOfMemoryError fault) {
                if (isOfConstructor(fault)) {
                    failures.incrementAndGet(number);
                } else {
                    undocumented = fault;
                }
            } catch (Throwable fault) {
                undocumented = fault;
            } finally {
                pauses.readLock().unlock();
            }
        }
    }

    /** The constructors of holders document this error. Methods that read a process throw NotEnoughMemoryException. */
    private static boolean isOfConstructor(OutOfMemoryError error) {
        return Stream.of(error.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("<init>")
                        && (frame.getClassName().equals(MapSnapshot.class.getName())
                                || frame.getClassName().equals(MappingQuery.class.getName())));
    }

    private List<long[]> sample(long seconds) throws Exception {
        List<long[]> samples = new ArrayList<>();
        for (int i = 0; i < 1_000 && !isWarm() && undocumented == null; i++) {
            Thread.sleep(100);
        }
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while ((System.nanoTime() < end || samples.size() < MIN_SAMPLES) && undocumented == null) {
            Thread.sleep(Math.max(200, seconds * 1000 / 120));
            pauses.writeLock().lock(); // between rounds nothing is open
            try {
                samples.add(settled());
            } finally {
                pauses.writeLock().unlock();
            }
        }
        return samples;
    }

    private boolean isWarm() {
        for (int i = 0; i < WORK.length; i++) {
            if (rounds.get(i) < WARM_UP_ROUNDS) {
                return false;
            }
        }
        return true;
    }

    /** Collects garbage, and samples when the cleaner has closed what is unreachable: descriptors and mappings stay. */
    private static long[] settled() throws Exception {
        System.gc();
        long[] sample = {};
        for (int i = 0; i < 100; i++) {
            Thread.sleep(20);
            long[] before = sample;
            sample = new long[] {descriptors(), mappings(), resident() >> 20, direct() >> 10};
            if (i > 0 && sample[0] == before[0] && sample[1] == before[1]) {
                break;
            }
        }
        return sample;
    }

    private boolean report(List<long[]> samples, long seconds, Map<String, Long> links) {
        for (int i = 0; i < WORK.length; i++) {
            System.out.printf("%-16s %10d rounds %10d with an exception%n", WORK[i], rounds.get(i), failures.get(i));
        }
        boolean isFlat = undocumented == null && samples.size() >= 9;
        System.out.printf(
                "%-16s %10s %10s %10s %10s%n", "median of", "1st third", "2nd third", "3rd third", "tolerance");
        StringBuilder growth = new StringBuilder();
        for (int metric = 0; metric < METRICS.length && samples.size() >= 9; metric++) {
            long[] medians = new long[3];
            for (int third = 0; third < 3; third++) {
                medians[third] = median(samples, metric, third);
            }
            boolean isMetricFlat = medians[2] - medians[1] <= TOLERANCE[metric];
            isFlat &= isMetricFlat;
            System.out.printf(
                    "%-16s %10d %10d %10d %10d %s%n",
                    METRICS[metric],
                    medians[0],
                    medians[1],
                    medians[2],
                    TOLERANCE[metric],
                    isMetricFlat ? "flat" : "GROWN");
            growth.append(' ').append(METRICS[metric]).append(' ').append(medians[2] - medians[1]);
        }
        if (!isFlat) {
            links.forEach((link, count) -> System.out.printf("%6d %s%n", count, link));
        }
        if (undocumented != null) {
            undocumented.printStackTrace(System.out);
        }
        long total = 0;
        for (int i = 0; i < WORK.length; i++) {
            total += rounds.get(i);
        }
        System.out.println(
                "summary: soak " + seconds + " s " + total + " rounds" + growth + (isFlat ? " flat" : " not flat"));
        return isFlat;
    }

    private static long median(List<long[]> samples, int metric, int third) {
        int from = samples.size() * third / 3;
        int to = samples.size() * (third + 1) / 3;
        long[] values = new long[to - from];
        Arrays.setAll(values, i -> samples.get(from + i)[metric]);
        Arrays.sort(values);
        return values[values.length / 2];
    }

    // ---- Work ----

    private ProcessMaps open(Random random) throws MapsException {
        return random.nextBoolean() || target == 0 ? ProcessMaps.self() : ProcessMaps.of(target);
    }

    private void refresh(Random random) throws IOException {
        try (ProcessMaps maps = open(random)) {
            MapSnapshot snapshot = maps.snapshot();
            MapCursor cursor = snapshot.cursor();
            MappingQuery query = new MappingQuery();
            for (int i = 0; i < 20; i++) {
                maps.refresh(snapshot);
                if (snapshot.size() > 0) {
                    cursor.seek(random.nextInt(snapshot.size()));
                    snapshot.find(cursor.start());
                    maps.query(cursor.start(), query);
                }
            }
        }
    }

    private void files(Random random) throws IOException {
        MapFilesEntries entries = new MapFilesEntries();
        try (ProcessMaps maps = open(random)) {
            MapFiles files = MapFiles.of(maps);
            MapSnapshot snapshot = maps.snapshot(MapFilter.all().fileBacked());
            files.readAll(snapshot, entries);
            MapCursor cursor = snapshot.cursor();
            while (cursor.next()) {
                if (random.nextInt(8) == 0) {
                    files.state(cursor);
                    files.open(cursor).close();
                }
            }
        }
    }

    private void events(Random random) throws IOException {
        try (ProcessMaps maps = open(random);
                MapEvents events = MapEvents.open(maps)) {
            for (int i = 0; i < 10; i++) {
                events.await(2);
                events.drain();
            }
        }
    }

    private void code(Random random) {
        CodeInfo info = new CodeInfo();
        JvmCode code = JvmCode.open();
        for (int i = 0; i < 1000; i++) {
            code.find(random.nextLong() >>> 17, info);
        }
        int[] count = {0};
        code.forEach(each -> count[0]++);
    }

    private void live(Random random) throws IOException {
        try (ProcessMaps maps = open(random);
                LiveMaps live = LiveMaps.of(maps).start()) {
            LiveMaps.Reader reader = live.reader();
            for (int i = 0; i < 1000; i++) {
                reader.resolve(random.nextLong() >>> 17);
            }
            live.refresh();
        }
    }

    private void timeline(Random random) throws IOException {
        MapTimeline timeline = MapTimeline.withMaxBytes(1 << 18);
        MapSnapshot snapshot = new MapSnapshot();
        try (ProcessMaps maps = open(random)) {
            for (int i = 0; i < 20; i++) {
                timeline.poll(maps, snapshot);
            }
        }
    }

    // ---- Churn and faults ----

    private void churn(Random random) throws Exception {
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < 10; i++) {
                MappedByteBuffer mapped = channel.map(MapMode.READ_ONLY, 4096L * random.nextInt(200), 8192);
                mapped.get(0);
            }
        }
        Thread thread = new Thread(() -> {});
        thread.start();
        thread.join();
    }

    private void classes(Random random) throws Exception {
        Class<?> loaded = new Loader().define(bytesOfClass);
        Object sum = loaded.getMethod("work", int.class).invoke(null, 20_000);
        if (sum == null) {
            throw new IllegalStateException();
        }
    }

    private void targets(Random random) throws Exception {
        Process process = startTarget();
        target = process.pid();
        Thread.sleep(random.nextInt(50));
        process.destroyForcibly().waitFor(1, TimeUnit.SECONDS); // the JDK's reaper may have found no descriptor
    }

    /**
     * Starts a process while there are descriptors. JDK 17 that finds none for its second pipe (forkAndExec in
     * ProcessImpl_md.c) leaves the first one open and closes descriptors that are not its own.
     */
    private Process startTarget() throws IOException {
        starts.lock();
        try {
            return new ProcessBuilder("sleep", "1000")
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } finally {
            starts.unlock();
        }
    }

    /** Uses up the descriptors (RLIMIT_NOFILE), or the direct memory (-XX:MaxDirectMemorySize), for a short time. */
    private void faults(Random random) throws Exception {
        List<FileChannel> channels = new ArrayList<>();
        List<ByteBuffer> buffers = new ArrayList<>();
        Thread.sleep(100);
        for (int i = 0; i < WORK.length - 1; i++) {
            if (rounds.get(i) < 5) {
                return; // the JVM loads a class on its first use, and needs descriptors for that
            }
        }
        starts.lock();
        try {
            while (random.nextInt(1 << 20) != 0) {
                if (buffers.isEmpty() && (rounds.get(WORK.length - 1) & 1) == 0) {
                    channels.add(FileChannel.open(Path.of("/dev/null")));
                } else {
                    buffers.add(ByteBuffer.allocateDirect(1 << 18));
                }
            }
        } catch (IOException | OutOfMemoryError usedUp) {
            Thread.sleep(20);
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
            starts.unlock();
        }
    }

    /** A class that is loaded many times. */
    public static final class Loaded {
        private Loaded() {}

        /** Is compiled. */
        public static int work(int count) {
            int sum = 0;
            for (int i = 0; i < count; i++) {
                sum += Integer.reverse(i);
            }
            return sum;
        }
    }

    private static final class Loader extends ClassLoader {
        Class<?> define(byte[] bytes) {
            return defineClass(Loaded.class.getName(), bytes, 0, bytes.length);
        }
    }

    // ---- Samples ----

    private static long descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.count();
        }
    }

    /** What the descriptors refer to, and how many refer to it. */
    private static Map<String, Long> links() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.collect(Collectors.groupingBy(SoakMain::target, TreeMap::new, Collectors.counting()));
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "closed";
        }
    }

    private static long mappings() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps"), java.nio.charset.StandardCharsets.ISO_8859_1)
                .size();
    }

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    }

    private static long direct() {
        long bytes = 0;
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            bytes += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
        }
        return bytes;
    }
}
