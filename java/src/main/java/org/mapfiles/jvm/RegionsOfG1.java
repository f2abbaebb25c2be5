package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Finds the use of the regions of the G1 heap: young, old, humongous or archived objects, or free. */
final class RegionsOfG1 {
    private static final int MAX_REGIONS = 1 << 22;
    /** Maximum size of a region, in bytes; the largest of G1 has 512 MiB. */
    private static final long MAX_GRAIN = 1L << 32;

    private final VmReader vm;
    /** Name of the class of a region. Up to JDK 22 it has no prefix G1. */
    private final String type;

    private final long grain;
    private final long tagOffset;
    private final long humongous;
    private final long young;
    private final long survivor;
    private final long old;
    /** Tag of regions with objects of the CDS archive, up to JDK 20; 0: this JVM has no such tag. */
    private final long archive;

    private final long free;

    private RegionsOfG1(VmReader vm) throws VmFieldMissing {
        this.vm = vm;
        type = vm.has("G1HeapRegion", "_type") ? "G1HeapRegion" : "HeapRegion";
        grain = vm.longAt(vm.location(type, "GrainBytes"));
        tagOffset = vm.location(type, "_type") + vm.location(type + "Type", "_tag");
        humongous = vm.constant(type + "Type::HumongousMask");
        young = vm.constant(type + "Type::YoungMask");
        survivor = vm.constant(type + "Type::SurvTag");
        old = vm.constant(type + "Type::OldMask");
        archive = vm.constantOr(type + "Type::ArchiveMask", 0);
        free = vm.constant(type + "Type::FreeTag");
    }

    /** Returns the regions by use; none if another collector is in use. */
    static List<RegionCandidate> candidates(VmReader vm) {
        try {
            long barriers = vm.pointer("BarrierSet", "_barrier_set");
            int kind = vm.intAt(barriers
                    + vm.location("BarrierSet", "_fake_rtti")
                    + vm.location("BarrierSet::FakeRtti", "_concrete_tag"));
            return kind == vm.constant("BarrierSet::G1BarrierSet") ? new RegionsOfG1(vm).regions() : List.of();
        } catch (VmFieldMissing none) {
            return List.of();
        }
    }

    private List<RegionCandidate> regions() throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long table = heap + vm.location("G1CollectedHeap", "_hrm") + vm.location(type + "Manager", "_regions");
        long count = vm.pointer(table, "G1HeapRegionTable", "_length");
        long low = vm.pointer(heap + vm.location("CollectedHeap", "_reserved"), "MemRegion", "_start");
        if (count < 0
                || count > MAX_REGIONS
                || grain <= 0
                || grain > MAX_GRAIN
                || Long.compareUnsigned(low, low + count * grain) > 0) {
            throw new VmFieldMissing(count + " regions of " + grain + " bytes");
        }
        long[] pointers = vm.longsAt(vm.pointer(table, "G1HeapRegionTable", "_base"), count);
        long[] tags = fields(pointers, tagOffset);
        long[] bottoms = fields(pointers, vm.location(type, "_bottom"));
        List<RegionCandidate> candidates = new ArrayList<>();
        String use = null;
        long start = low;
        for (int i = 0; i < count; i++) {
            long at = low + i * grain;
            String now = use(pointers[i], at, bottoms[i], (int) tags[i]);
            if (!now.equals(use)) {
                add(candidates, start, at, use);
                start = at;
                use = now;
            }
        }
        add(candidates, start, low + count * grain, use);
        return candidates;
    }

    private static void add(List<RegionCandidate> candidates, long start, long end, String use) {
        if (use != null && start != end) {
            candidates.add(RegionCandidate.reported(start, end, JvmRegions.Kind.JAVA_HEAP, use));
        }
    }

    /** Reads a field of each region. The value of a region that does not exist is undefined. */
    private long[] fields(long[] regions, long offset) throws VmFieldMissing {
        long[] addresses = new long[regions.length];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = regions[i] == 0 ? vm.library().start() : regions[i] + offset;
        }
        return vm.longsAt(addresses);
    }

    /** Returns the use of the region at an address. */
    private String use(long region, long address, long bottom, int tag) throws VmFieldMissing {
        if (region == 0) {
            return "reserved";
        }
        if (bottom != address) {
            throw new VmFieldMissing("regions in another order");
        }
        if ((tag & humongous) != 0) {
            return "humongous objects";
        }
        if ((tag & young) != 0) {
            return tag == survivor ? "survivor space" : "eden space";
        }
        if ((tag & archive) != 0) {
            return "archived objects";
        }
        if ((tag & old) != 0) {
            return "old generation";
        }
        return tag == free ? "free" : "in use"; // with a tag that this JVM does not export
    }
}
