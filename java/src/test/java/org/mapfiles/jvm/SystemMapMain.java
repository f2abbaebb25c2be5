package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.ObjectName;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Addresses;
import org.mapfiles.testing.Await;

/**
 * Compares each region with addresses whose use is known, and with System.map if the JVM has that command and tracks
 * its memory. It prints one line per check; "agree" ends with the bytes and mappings that both name, and how many of
 * these agree.
 */
final class SystemMapMain {
    private static final Pattern LINE =
            Pattern.compile("0x([0-9a-f]+)-0x([0-9a-f]+)\\s+\\d+\\s+([-rwxsp]{4}).*?\\s(\\S.*)?");
    /** Kinds that System.map does not name: memory of malloc, and memory of a library beside its file. */
    private static final Set<JvmRegions.Kind> WORDLESS =
            EnumSet.of(JvmRegions.Kind.MALLOC, JvmRegions.Kind.DIRECT_BUFFER, JvmRegions.Kind.LIBRARY);

    private static final Map<String, JvmRegions.Kind> LABELS = new LinkedHashMap<>();

    static {
        LABELS.put("JAVAHEAP", JvmRegions.Kind.JAVA_HEAP);
        LABELS.put("CODE", JvmRegions.Kind.CODE_HEAP);
        LABELS.put("CLASS", JvmRegions.Kind.CLASS_SPACE);
        LABELS.put("META", JvmRegions.Kind.METASPACE);
        LABELS.put("CDS", JvmRegions.Kind.CDS);
        LABELS.put("STACK", JvmRegions.Kind.THREAD_STACK);
        LABELS.put("GC", JvmRegions.Kind.GC);
        LABELS.put("CARDTBL", JvmRegions.Kind.GC);
        LABELS.put("POLL", JvmRegions.Kind.JVM_OTHER);
    }

    private SystemMapMain() {}

    public static void main(String[] arguments) throws Exception {
        byte[][] live = new byte[64][];
        for (int i = 0; i < live.length; i++) {
            live[i] = new byte[100_000];
        }
        CountDownLatch never = new CountDownLatch(1);
        Thread waiting = new Thread(
                () -> {
                    try {
                        never.await();
                    } catch (InterruptedException done) {
                        // the program exits
                    }
                },
                "JavaThread \"x\" [stack(0x1000,0x2000)]\nPolling page: 0x1000");
        waiting.setDaemon(true);
        waiting.start();
        Await.until("it has begun, with its guard zone", () -> waiting.getState() == Thread.State.WAITING);
        ByteBuffer[] buffers = {
            ByteBuffer.allocateDirect(1000), ByteBuffer.allocateDirect(1 << 20), ByteBuffer.allocateDirect(10 << 20)
        };
        JvmRegions.read(); // loads all classes, so that the next read changes no mapping
        JvmRegions regions = JvmRegions.read();
        ordered(regions);
        known(regions, waiting);
        buffers(regions, buffers);
        System.out.println(
                "unknown " + regions.bytes(JvmRegions.Kind.UNKNOWN) + " gc " + regions.bytes(JvmRegions.Kind.GC));
        // A buffer was freed: a thread that starts now may have its stack there.
        String before = systemMap();
        JvmRegions now = JvmRegions.read();
        String map = unchanged(before, systemMap());
        if (!map.isEmpty()) {
            compare(now, map);
        }
        System.out.println("live " + live.length);
    }

    private static void ordered(JvmRegions regions) {
        for (int i = 0; i < regions.size(); i++) {
            if (Long.compareUnsigned(regions.start(i), regions.end(i)) >= 0
                    || (i > 0 && Long.compareUnsigned(regions.end(i - 1), regions.start(i)) > 0)) {
                System.out.println("WRONG order at " + i);
            }
            if (regions.find(regions.start(i)) != i || regions.find(regions.end(i) - 1) != i) {
                System.out.println("WRONG find at " + i);
            }
        }
    }

    private static void known(JvmRegions regions, Thread waiting) throws Exception {
        JvmCode code = JvmCode.open();
        code.forEach(each -> {
            if (each.start() != 0 && at(regions, each.start()) != JvmRegions.Kind.CODE_HEAP) {
                System.out.println(
                        "WRONG code " + Long.toHexString(each.start()) + " " + at(regions, each.start()) + " " + each);
            }
        });
        long thread = JvmCalls.threadAddress(waiting);
        System.out.println("thread " + at(regions, thread));
        int stacks = 0;
        int own = 0;
        for (int i = 0; i < regions.size(); i++) {
            stacks += regions.region(i) == JvmRegions.Kind.THREAD_STACK ? 1 : 0;
            own += regions.detail(i).contains(waiting.getName()) && regions.region(i) == JvmRegions.Kind.THREAD_STACK
                    ? 1
                    : 0;
        }
        System.out.println("stacks " + (stacks > 10) + " own " + own);
        System.out.println("libjvm " + at(regions, jvmFunction()));
        long heap = regions.bytes(JvmRegions.Kind.JAVA_HEAP);
        if (heap < Runtime.getRuntime().maxMemory()) {
            System.out.println("WRONG heap of " + heap);
        }
        for (JvmRegions.Kind region : new JvmRegions.Kind[] {
            JvmRegions.Kind.JAVA_HEAP,
            JvmRegions.Kind.CODE_HEAP,
            JvmRegions.Kind.METASPACE,
            JvmRegions.Kind.THREAD_STACK,
            JvmRegions.Kind.LIBRARY,
            JvmRegions.Kind.FILE,
            JvmRegions.Kind.MALLOC
        }) {
            if (regions.bytes(region) == 0) {
                System.out.println("WRONG no " + region);
            }
        }
    }

    private static void buffers(JvmRegions regions, ByteBuffer[] buffers) throws Exception {
        for (ByteBuffer buffer : buffers) {
            long start = Addresses.of(buffer);
            long end = start + buffer.capacity();
            if (at(regions, start) != JvmRegions.Kind.DIRECT_BUFFER
                    || at(regions, end - 1) != JvmRegions.Kind.DIRECT_BUFFER
                    || at(regions, start - 1) != JvmRegions.Kind.MALLOC) {
                System.out.println("WRONG buffer of " + buffer.capacity() + ": " + at(regions, start - 1) + " "
                        + at(regions, start));
            }
        }
        long first = Addresses.of(buffers[2]);
        Field unsafe = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        unsafe.setAccessible(true);
        unsafe.getType().getMethod("invokeCleaner", ByteBuffer.class).invoke(unsafe.get(null), buffers[2]);
        System.out.println("freed " + (at(JvmRegions.read(), first) != JvmRegions.Kind.DIRECT_BUFFER));
    }

    /** Returns an address in libjvm: that of a static field. */
    private static long jvmFunction() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess jvm = JvmProcess.of(maps)) {
            return jvm.vm().location("CodeCache", "_heaps");
        }
    }

    private static JvmRegions.Kind at(JvmRegions regions, long address) {
        int index = regions.find(address);
        return index < 0 ? null : regions.region(index);
    }

    static String systemMap() throws Exception {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "systemMap",
                            new Object[0],
                            new String[0]);
        } catch (javax.management.ReflectionException none) {
            return "";
        }
    }

    /** Returns the lines of the later map whose range and kind the earlier one has too. */
    private static String unchanged(String before, String later) {
        Set<String> kept = before.lines().map(SystemMapMain::rangeAndKind).collect(Collectors.toSet());
        return later.lines().filter(line -> kept.contains(rangeAndKind(line))).collect(Collectors.joining("\n"));
    }

    private static String rangeAndKind(String line) {
        return line.strip().split(" ", 2)[0] + ' ' + named(line);
    }

    private static void compare(JvmRegions regions, String map) {
        long[] counts = agreement(regions, map);
        System.out.println("agree " + counts[0] + " " + counts[1] + " " + counts[2] + " " + counts[3]);
    }

    /**
     * Returns the bytes and mappings that both name, each followed by the number that agree. Differences are printed.
     */
    static long[] agreement(JvmRegions regions, String map) {
        long bytes = 0;
        long agreedBytes = 0;
        int mappings = 0;
        int agreed = 0;
        for (String line : map.split("\n")) {
            Matcher fields = LINE.matcher(line.strip());
            JvmRegions.Kind named = fields.matches() ? named(line) : null;
            if (named == null) {
                continue;
            }
            long start = Long.parseUnsignedLong(fields.group(1), 16);
            long end = Long.parseUnsignedLong(fields.group(2), 16);
            int at = regions.find(start);
            if (named == JvmRegions.Kind.JAVA_HEAP
                    && at >= 0
                    && regions.region(at) == JvmRegions.Kind.CLASS_SPACE
                    && regions.end(at) >= end) {
                // NMT reports reserved memory directly after the heap as heap.
                // The range of the class space is HotSpot's own.
                System.out.println("class space, which System.map names as heap: " + line.strip());
                continue;
            }
            long both = 0;
            long same = 0;
            long wordless = 0; // System.map names such a mapping by its other content
            for (int i = 0; i < regions.size(); i++) {
                long from = Math.max(regions.start(i), start);
                long to = Math.min(regions.end(i), end);
                if (regions.start(i) >= 0 && from < to && regions.region(i) != JvmRegions.Kind.UNKNOWN) {
                    both += to - from;
                    same += regions.region(i) == named ? to - from : 0;
                    wordless += WORDLESS.contains(regions.region(i)) ? to - from : 0;
                }
            }
            both -= wordless < end - start ? wordless : 0;
            bytes += both;
            agreedBytes += same;
            mappings += both > 0 ? 1 : 0;
            agreed += both > 0 && both == same ? 1 : 0;
            if (both != same) {
                System.out.println("differs: " + line.strip() + ": " + at(regions, start) + " "
                        + regions.detail(Math.max(regions.find(start), 0)));
            }
        }
        return new long[] {bytes, agreedBytes, mappings, agreed};
    }

    /** Returns the kind that System.map names in a line, if it names one kind. */
    private static JvmRegions.Kind named(String line) {
        JvmRegions.Kind found = null;
        for (String word : line.strip().split("[\\s,]+")) {
            JvmRegions.Kind region = LABELS.get(word.startsWith("STACK-") ? "STACK" : word);
            if (region != null && found != null && region != found) {
                return null;
            }
            found = region != null ? region : found;
        }
        return found;
    }
}
