package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Which parts of its heap the collector Shenandoah uses for what, by the table in VM.info; it has the same states in JDK 17 to 25. */
final class RegionsOfShenandoah {
    private static final String HEX = "([0-9a-f]{1,16})";
    private static final Pattern REGION = Pattern.compile(
            "^\\| *\\d+\\|([A-Z]{1,3}) *\\|(?:([A-Z])\\|)?BTE +" + HEX + ", +[0-9a-f]{1,16}, +" + HEX + "\\|", Pattern.MULTILINE);
    private static final Pattern SET = Pattern.compile("- map \\(vanilla\\): 0x" + HEX + "\\n *- map \\(biased\\): +0x" + HEX + "\\n");
    private static final Map<String, String> USES = Map.of("EU", "reserved", "EC", "free", "R", "regular", "P", "regular, pinned",
            "H", "humongous objects", "HC", "humongous objects", "HP", "humongous objects, pinned", "CS", "collection set",
            "CSP", "collection set, pinned", "TR", "trash");

    private static final Map<String, String> STATES = Map.of("_empty_uncommitted", "reserved", "_empty_committed", "free",
            "_regular", "regular", "_pinned", "regular, pinned", "_humongous_start", "humongous objects", "_humongous_cont",
            "humongous objects", "_pinned_humongous_start", "humongous objects, pinned", "_cset", "collection set", "_pinned_cset",
            "collection set, pinned", "_trash", "trash");
    static final int MAX_REGIONS = 1 << 22;

    private RegionsOfShenandoah() {
    }

    /** The regions by the collector's structures; nothing where another collector is in use. Their age is not among these. */
    static List<RegionCandidate> claims(VmReader vm, JvmFlags flags) {
        List<RegionCandidate> claims = new ArrayList<>();
        if (!flags.isOn("UseShenandoahGC")) {
            return claims;
        }
        try {
            long heap = vm.pointer("Universe", "_collectedHeap");
            long size = vm.longAt(vm.place("ShenandoahHeapRegion", "RegionSizeBytes"));
            long count = vm.pointer(heap, "ShenandoahHeap", "_num_regions");
            if (count < 0 || count > MAX_REGIONS || size <= 0) {
                throw new VmFieldMissing(count + " regions of " + size + " bytes");
            }
            long[] regions = vm.longsAt(vm.pointer(heap, "ShenandoahHeap", "_regions"), count);
            long[] starts = vm.longsAt(moved(regions, vm.place("ShenandoahHeapRegion", "_bottom")));
            long[] states = vm.longsAt(moved(regions, vm.place("ShenandoahHeapRegion", "_state")));
            Map<Integer, String> uses = uses(vm);
            RegionCandidate last = null;
            for (int i = 0; i < regions.length; i++) {
                long start = starts[i];
                String use = uses.getOrDefault((int) states[i], "in use"); // by what this JVM has no name for
                if (last != null && last.end() == start && last.detail().equals(use)) {
                    start = claims.remove(claims.size() - 1).start();
                }
                last = RegionCandidate.reported(start, starts[i] + size, RegionKind.JAVA_HEAP, use);
                claims.add(last);
            }
        } catch (VmFieldMissing | IllegalArgumentException none) {
            claims.clear();
        }
        return claims;
    }

    private static long[] moved(long[] addresses, long by) {
        long[] moved = new long[addresses.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = addresses[i] + by;
        }
        return moved;
    }

    /** Uses by the numbers that this JVM has for the states (ShenandoahHeapRegion::RegionState). */
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

    /** What the table tells, and the table of the regions to be emptied; nothing where another collector is in use. */
    static List<RegionCandidate> claims(String info) {
        List<RegionCandidate> claims = new ArrayList<>();
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
                start = claims.remove(claims.size() - 1).start();
            }
            last = RegionCandidate.reported(start, end, RegionKind.JAVA_HEAP, use);
            claims.add(last);
        }
        Matcher set = BoundedText.matcher(SET, info);
        if (count > 0 && set.find()) { // a byte for each region: the first is for address 0
            long first = Long.parseUnsignedLong(set.group(2), 16);
            long end = Long.parseUnsignedLong(set.group(1), 16) + count;
            if (Long.compareUnsigned(first, end) < 0) {
                claims.add(RegionCandidate.reported(first, end, RegionKind.GC, "collection set map"));
            }
        }
        return claims;
    }

    /** Null: none that is known. Without generations all is called young, from JDK 24 on: only what is old says something. */
    private static String use(String state, String generation) {
        String use = USES.get(state);
        return use != null && "O".equals(generation) ? use + ", old" : use;
    }
}
