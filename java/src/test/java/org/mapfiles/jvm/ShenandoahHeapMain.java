package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;

/** The program of a JVM with the collector Shenandoah: what is said of its regions, beside what its structures hold. */
final class ShenandoahHeapMain {
    private static final int UNCOMMITTED = 0;
    private static final String[] USES = {"reserved", "free", "regular", "humongous objects", "humongous objects",
        "humongous objects, pinned", "collection set", "regular, pinned", "collection set, pinned", "trash"};

    private ShenandoahHeapMain() {
    }

    public static void main(String[] arguments) throws Exception {
        byte[] humongous = new byte[3_000_000];
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            kept.add(new byte[100]);
        }
        System.gc();
        System.gc();
        JvmRegions regions = Agreement.of(ShenandoahHeapMain::told, ShenandoahHeapMain::said);
        System.out.println(regions == null ? "WRONG: never" : "humongous " + (bytes(regions, "humongous objects") >= humongous.length)
                + ", regular " + (bytes(regions, "regular") > kept.size() * 100L) + ", old " + (bytes(regions, "regular, old") > 0)
                + ", map " + (bytes(regions, "collection set map") > 0));
    }

    /** What the structures hold: address, use and size of each region. */
    private static List<String> told() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self(); JvmProcess jvm = JvmProcess.of(maps)) {
            return told(jvm.vm());
        }
    }

    private static List<String> told(VmReader vm) throws Exception {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long size = vm.longAt(vm.location("ShenandoahHeapRegion", "RegionSizeBytes"));
        int count = Math.toIntExact(vm.pointer(heap, "ShenandoahHeap", "_num_regions"));
        List<String> told = new ArrayList<>();
        for (long region : vm.longsAt(vm.pointer(heap, "ShenandoahHeap", "_regions"), count)) {
            int state = vm.intAt(region + vm.location("ShenandoahHeapRegion", "_state"));
            if (vm.constant("ShenandoahHeapRegion::_empty_uncommitted") != UNCOMMITTED
                    || vm.constant("ShenandoahHeapRegion::_trash") != USES.length - 1) {
                throw new IllegalStateException("other states");
            }
            told.add(Long.toHexString(vm.pointer(region, "ShenandoahHeapRegion", "_bottom")) + ' ' + size + ' ' + USES[state]);
        }
        return told;
    }

    /** What is said of the same regions, but for their age. */
    private static List<String> said(JvmRegions regions, List<String> told) {
        List<String> said = new ArrayList<>();
        for (String region : told) {
            String[] words = region.split(" ", 3);
            long start = Long.parseUnsignedLong(words[0], 16);
            int index = regions.find(start);
            long end = start + Long.parseLong(words[1]);
            boolean isWhole = index >= 0 && regions.region(index) == RegionKind.JAVA_HEAP && regions.end(index) >= end;
            said.add(words[0] + ' ' + words[1] + ' ' + (isWhole ? regions.detail(index).replace(", old", "") : "in parts"));
        }
        return said;
    }

    private static long bytes(JvmRegions regions, String what) {
        long bytes = 0;
        for (int i = 0; i < regions.size(); i++) {
            bytes += regions.detail(i).startsWith(what) ? regions.end(i) - regions.start(i) : 0;
        }
        return bytes;
    }
}
