package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds ranges in HotSpot's exported structures, which are the same in JDK 17 to 25. Structures that are missing are
 * ignored.
 */
final class VmStructures {
    /** More code heaps than any JVM has. */
    private static final int MAX_HEAPS = 16;
    /** SafepointMechanism::_polling_page: a page without permissions, and then a readable page. */
    static final String POLLING_PAGE = "_ZN18SafepointMechanism13_polling_pageE";

    private static final long PAGE = 4096;
    private static final int MAX_HEAP_BYTES = 4096;
    private static final Pattern HEAP_NAME = Pattern.compile("CodeHeap '([^']{1,40})'|CodeCache");

    private VmStructures() {}

    private static void add(List<RegionCandidate> to, long start, long end, JvmRegions.Kind region, String detail) {
        if (Long.compareUnsigned(start, end) < 0) {
            to.add(RegionCandidate.reported(start, end, region, detail));
        }
    }

    /** Returns the reserved range of the heap; none with ZGC, which has several. */
    static List<RegionCandidate> heap(VmReader vm) {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            long reserved = vm.pointer("Universe", "_collectedHeap") + vm.location("CollectedHeap", "_reserved");
            long start = vm.pointer(reserved, "MemRegion", "_start");
            long words = vm.pointer(reserved, "MemRegion", "_word_size");
            add(candidates, start, start + words * Long.BYTES, JvmRegions.Kind.JAVA_HEAP, "heap");
        } catch (VmFieldMissing none) {
            // another source may have it
        }
        return candidates;
    }

    static List<RegionCandidate> archive(VmReader vm) {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            add(
                    candidates,
                    vm.pointer("MetaspaceObj", "_shared_metaspace_base"),
                    vm.pointer("MetaspaceObj", "_shared_metaspace_top"),
                    JvmRegions.Kind.CDS,
                    "CDS archive");
        } catch (VmFieldMissing none) {
            // another source may have it
        }
        return candidates;
    }

    /** Returns the code heaps and their segment maps. */
    static List<RegionCandidate> code(VmReader vm) {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            long heaps = vm.pointer("CodeCache", "_heaps");
            int count = vm.intAt(heaps + vm.location("GrowableArrayBase", "_len"));
            long pointers = vm.pointer(heaps, "GrowableArray<int>", "_data");
            for (long heap : vm.longsAt(pointers, Math.max(0, Math.min(count, MAX_HEAPS)))) {
                add(candidates, heap + vm.location("CodeHeap", "_memory"), vm, name(vm, heap));
                add(candidates, heap + vm.location("CodeHeap", "_segmap"), vm, "segment map of a code heap");
            }
        } catch (VmFieldMissing none) {
            // another source may have it
        }
        return candidates;
    }

    private static void add(List<RegionCandidate> to, long space, VmReader vm, String detail) throws VmFieldMissing {
        add(
                to,
                vm.pointer(space, "VirtualSpace", "_low_boundary"),
                vm.pointer(space, "VirtualSpace", "_high_boundary"),
                JvmRegions.Kind.CODE_HEAP,
                detail);
    }

    /**
     * Returns the name of a code heap. Its field is not exported, so the object is searched for a pointer to a text in
     * libjvm that is a name of a code heap (src/hotspot/share/code/codeCache.cpp).
     */
    private static String name(VmReader vm, long heap) throws VmFieldMissing {
        for (long word : vm.longsAt(heap, Math.min(vm.sizeOf("CodeHeap"), MAX_HEAP_BYTES) / Long.BYTES)) {
            boolean isOfLibrary = Long.compareUnsigned(word, vm.library().start()) >= 0
                    && Long.compareUnsigned(word, vm.library().end()) < 0;
            Matcher name = HEAP_NAME.matcher(isOfLibrary ? vm.nameAt(word) : "");
            if (name.matches()) {
                return name.group(1) == null ? "code cache" : name.group(1);
            }
        }
        return "code heap";
    }

    /** Returns the memory of the performance counters that jstat(1) reads, and the two polling pages of safepoints. */
    static List<RegionCandidate> others(VmReader vm, VmSymbols symbols) {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            add(
                    candidates,
                    vm.pointer("PerfMemory", "_start"),
                    vm.pointer("PerfMemory", "_end"),
                    JvmRegions.Kind.JVM_OTHER,
                    "performance counters");
        } catch (VmFieldMissing none) {
            // another source may have it
        }
        try {
            long page = symbols.value(vm, POLLING_PAGE);
            if (page != 0) {
                add(candidates, page, page + 2 * PAGE, JvmRegions.Kind.JVM_OTHER, "safepoint polling pages");
            }
        } catch (VmFieldMissing none) {
            // another source may have it
        }
        return candidates;
    }
}
