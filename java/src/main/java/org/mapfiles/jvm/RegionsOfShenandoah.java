package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the use of the regions of the Shenandoah heap, by the collector's structures or by the table in the output of
 * VM.info. The states are the same in JDK 17 to 28.
 */
final class RegionsOfShenandoah {
    private static final String HEX = "([0-9a-f]{1,16})";
    private static final Pattern REGION = Pattern.compile(
            "^\\| *\\d+\\|([A-Z]{1,3}) *\\|(?:([A-Z])\\|)?(?:A +\\d+\\|)?BTE +" + HEX + ", +[0-9a-f]{1,16}, +" + HEX
                    + "\\|",
            Pattern.MULTILINE);
    private static final Pattern SET =
            Pattern.compile("- map \\(vanilla\\): 0x" + HEX + "\\n *- map \\(biased\\): +0x" + HEX + "\\n");
    private static final Map<String, String> USES = Map.of(
            "EU",
            "reserved",
            "EC",
            "free",
            "R",
            "regular",
            "P",
            "regular, pinned",
            "H",
            "humongous objects",
            "HC",
            "humongous objects",
            "HP",
            "humongous objects, pinned",
            "CS",
            "collection set",
            "CSP",
            "collection set, pinned",
            "TR",
            "trash");

    private static final Map<String, String> STATES = Map.of(
            "_empty_uncommitted",
            "reserved",
            "_empty_committed",
            "free",
            "_regular",
            "regular",
            "_pinned",
            "regular, pinned",
            "_humongous_start",
            "humongous objects",
            "_humongous_cont",
            "humongous objects",
            "_pinned_humongous_start",
            "humongous objects, pinned",
            "_cset",
            "collection set",
            "_pinned_cset",
            "collection set, pinned",
            "_trash",
            "trash");
    static final int MAX_REGIONS = 1 << 22;

    private RegionsOfShenandoah() {}

    /**
     * Returns the regions by the collector's structures; none if another collector is in use. They do not have the
     * generation.
     */
    static List<RegionCandidate> candidates(VmReader vm, JvmProcess.Flags flags) {
        List<RegionCandidate> candidates = new ArrayList<>();
        if (!flags.isOn("UseShenandoahGC")) {
            return candidates;
        }
        try {
            long heap = vm.pointer("Universe", "_collectedHeap");
            long size = vm.longAt(vm.location("ShenandoahHeapRegion", "RegionSizeBytes"));
            long count = vm.pointer(heap, "ShenandoahHeap", "_num_regions");
            if (count < 0 || count > MAX_REGIONS || size <= 0) {
                throw new VmFieldMissing(count + " regions of " + size + " bytes");
            }
            long[] regions = vm.longsAt(vm.pointer(heap, "ShenandoahHeap", "_regions"), count);
            long[] starts = vm.longsAt(moved(regions, vm.location("ShenandoahHeapRegion", "_bottom")));
            long[] states = vm.longsAt(moved(regions, vm.location("ShenandoahHeapRegion", "_state")));
            Map<Integer, String> uses = uses(vm);
            RegionCandidate last = null;
            for (int i = 0; i < regions.length; i++) {
                long start = starts[i];
                String use = uses.getOrDefault((int) states[i], "in use"); // a state that this JVM does not export
                if (last != null && last.end() == start && last.detail().equals(use)) {
                    start = candidates.remove(candidates.size() - 1).start();
                }
                last = RegionCandidate.reported(start, starts[i] + size, JvmRegions.Kind.JAVA_HEAP, use);
                candidates.add(last);
            }
        } catch (VmFieldMissing | IllegalArgumentException none) {
            candidates.clear();
        }
        return candidates;
    }

    private static long[] moved(long[] addresses, long by) {
        long[] moved = new long[addresses.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = addresses[i] + by;
        }
        return moved;
    }

    /** Returns the uses by the numbers of the states in this JVM (ShenandoahHeapRegion::RegionState). */
    private static Map<Integer, String> uses(VmReader vm) {
        Map<Integer, String> uses = new HashMap<>();
        STATES.forEach((state, use) -> {
            long number = vm.constantOr("ShenandoahHeapRegion::" + state, -1);
            if (number >= 0) {
                uses.put((int) number, use);
            }
        });
        return uses;
    }

    /** Returns the regions of the table, and the collection set map; none if another collector is in use. */
    static List<RegionCandidate> candidates(String info) {
        List<RegionCandidate> candidates = new ArrayList<>();
        RegionCandidate last = null;
        int count = 0;
        for (Matcher at = BoundedText.matcher(REGION, info); at.find(); count++) {
            String use = use(at.group(1), at.group(2));
            long start = Long.parseUnsignedLong(at.group(3), 16);
            long end = Long.parseUnsignedLong(at.group(4), 16);
            if (use == null || Long.compareUnsigned(start, end) >= 0) {
                return List.of();
            }
            if (last != null && last.end() == start && last.detail().equals(use)) {
                start = candidates.remove(candidates.size() - 1).start();
            }
            last = RegionCandidate.reported(start, end, JvmRegions.Kind.JAVA_HEAP, use);
            candidates.add(last);
        }
        Matcher set = BoundedText.matcher(SET, info);
        if (count > 0 && set.find()) { // a byte for each region; the biased address is that of a region at address 0
            long first = Long.parseUnsignedLong(set.group(2), 16);
            long end = Long.parseUnsignedLong(set.group(1), 16) + count;
            if (Long.compareUnsigned(first, end) < 0) {
                candidates.add(RegionCandidate.reported(first, end, JvmRegions.Kind.GC, "collection set map"));
            }
        }
        return candidates;
    }

    /**
     * Returns the use of a region; null: unknown. JDK 24+ prints "young" also without generations, so only "old" is
     * meaningful.
     */
    private static @Nullable String use(String state, String generation) {
        String use = USES.get(state);
        return use != null && "O".equals(generation) ? use + ", old" : use;
    }
}
