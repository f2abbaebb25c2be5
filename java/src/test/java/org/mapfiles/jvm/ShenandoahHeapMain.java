package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;

/** Compares the regions of a Shenandoah heap with the structures of the collector. */
final class ShenandoahHeapMain {
    private static final int UNCOMMITTED = 0;
    private static final String[] USES = {
        "reserved",
        "free",
        "regular",
        "humongous objects",
        "humongous objects",
        "humongous objects, pinned",
        "collection set",
        "regular, pinned",
        "collection set, pinned",
        "trash"
    };

    private ShenandoahHeapMain() {}

    public static void main(String[] arguments) throws Exception {
        byte[] humongous = new byte[3_000_000];
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            kept.add(new byte[100]);
        }
        System.gc();
        System.gc();
        JvmRegions regions = Agreement.of(ShenandoahHeapMain::expected, ShenandoahHeapMain::actual);
        System.out.println(
                regions == null
                        ? "WRONG: never"
                        : "humongous " + (bytes(regions, "humongous objects") >= humongous.length)
                                + ", regular " + (bytes(regions, "regular") > kept.size() * 100L) + ", old "
                                + (bytes(regions, "regular, old") > 0)
                                + ", map " + (bytes(regions, "collection set map") > 0));
    }

    /** Returns address, use and size of each region by the structures of the collector. */
    private static List<String> expected() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess jvm = JvmProcess.of(maps)) {
            return expected(jvm.vm());
        }
    }

    private static List<String> expected(VmReader vm) throws Exception {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long size = vm.longAt(vm.location("ShenandoahHeapRegion", "RegionSizeBytes"));
        int count = Math.toIntExact(vm.pointer(heap, "ShenandoahHeap", "_num_regions"));
        List<String> expected = new ArrayList<>();
        for (long region : vm.longsAt(vm.pointer(heap, "ShenandoahHeap", "_regions"), count)) {
            int state = vm.intAt(region + vm.location("ShenandoahHeapRegion", "_state"));
            if (vm.constant("ShenandoahHeapRegion::_empty_uncommitted") != UNCOMMITTED
                    || vm.constant("ShenandoahHeapRegion::_trash") != USES.length - 1) {
                throw new IllegalStateException("other states");
            }
            expected.add(Long.toHexString(vm.pointer(region, "ShenandoahHeapRegion", "_bottom"))
                    + ' '
                    + size
                    + ' '
                    + USES[state]);
        }
        return expected;
    }

    /** Returns the same regions by JvmRegions, without their age. */
    private static List<String> actual(JvmRegions regions, List<String> expected) {
        List<String> actual = new ArrayList<>();
        for (String region : expected) {
            String[] words = region.split(" ", 3);
            long start = Long.parseUnsignedLong(words[0], 16);
            int index = regions.find(start);
            long end = start + Long.parseLong(words[1]);
            boolean isWhole =
                    index >= 0 && regions.region(index) == JvmRegions.Kind.JAVA_HEAP && regions.end(index) >= end;
            actual.add(words[0]
                    + ' '
                    + words[1]
                    + ' '
                    + (isWhole ? regions.detail(index).replace(", old", "") : "in parts"));
        }
        return actual;
    }

    private static long bytes(JvmRegions regions, String what) {
        long bytes = 0;
        for (int i = 0; i < regions.size(); i++) {
            bytes += regions.detail(i).startsWith(what) ? regions.end(i) - regions.start(i) : 0;
        }
        return bytes;
    }
}
