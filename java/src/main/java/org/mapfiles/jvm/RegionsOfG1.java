package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Which parts of its heap the collector G1 uses for what: young, old, humongous or archived objects, or nothing now. */
final class RegionsOfG1 {
    private static final int MAX_REGIONS = 1 << 22;
    /** G1's largest region has 512 MiB. */
    private static final long MAX_GRAIN = 1L << 32;

    private final VmReader vm;
    /** G1's classes had no G1 in their names up to JDK 22. */
    private final String type;
    private final long grain;
    private final long tagOffset;
    private final long humongous;
    private final long young;
    private final long survivor;
    private final long old;
    /** Of objects mapped from the class archive, up to JDK 20; 0: there is no such tag. */
    private final long archive;
    private final long free;

    private RegionsOfG1(VmReader vm) throws VmFieldMissing {
        this.vm = vm;
        type = vm.has("G1HeapRegion", "_type") ? "G1HeapRegion" : "HeapRegion";
        grain = vm.longAt(vm.place(type, "GrainBytes"));
        tagOffset = vm.place(type, "_type") + vm.place(type + "Type", "_tag");
        humongous = vm.constant(type + "Type::HumongousMask");
        young = vm.constant(type + "Type::YoungMask");
        survivor = vm.constant(type + "Type::SurvTag");
        old = vm.constant(type + "Type::OldMask");
        archive = vm.constantOr(type + "Type::ArchiveMask", 0);
        free = vm.constant(type + "Type::FreeTag");
    }

    /** What G1 tells; nothing where another collector is in use. */
    static List<RegionCandidate> claims(VmReader vm) {
        try {
            long barriers = vm.pointer("BarrierSet", "_barrier_set");
            int kind = vm.intAt(barriers + vm.place("BarrierSet", "_fake_rtti") + vm.place("BarrierSet::FakeRtti", "_concrete_tag"));
            return kind == vm.constant("BarrierSet::G1BarrierSet") ? new RegionsOfG1(vm).regions() : List.of();
        } catch (VmFieldMissing none) {
            return List.of();
        }
    }

    private List<RegionCandidate> regions() throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long table = heap + vm.place("G1CollectedHeap", "_hrm") + vm.place(type + "Manager", "_regions");
        long count = vm.pointer(table, "G1HeapRegionTable", "_length");
        long low = vm.pointer(heap + vm.place("CollectedHeap", "_reserved"), "MemRegion", "_start");
        if (count < 0 || count > MAX_REGIONS || grain <= 0 || grain > MAX_GRAIN || Long.compareUnsigned(low, low + count * grain) > 0) {
            throw new VmFieldMissing(count + " regions of " + grain + " bytes");
        }
        long[] pointers = vm.longsAt(vm.pointer(table, "G1HeapRegionTable", "_base"), count);
        long[] tags = fields(pointers, tagOffset);
        long[] bottoms = fields(pointers, vm.place(type, "_bottom"));
        List<RegionCandidate> claims = new ArrayList<>();
        String use = null;
        long start = low;
        for (int i = 0; i < count; i++) {
            long at = low + i * grain;
            String now = use(pointers[i], at, bottoms[i], (int) tags[i]);
            if (!now.equals(use)) {
                add(claims, start, at, use);
                start = at;
                use = now;
            }
        }
        add(claims, start, low + count * grain, use);
        return claims;
    }

    private static void add(List<RegionCandidate> claims, long start, long end, String use) {
        if (use != null && start != end) {
            claims.add(RegionCandidate.reported(start, end, RegionKind.JAVA_HEAP, use));
        }
    }

    /** A field of each region that there is, read together; of one that is not there it means nothing. */
    private long[] fields(long[] regions, long offset) throws VmFieldMissing {
        long[] places = new long[regions.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = regions[i] == 0 ? vm.library().start() : regions[i] + offset;
        }
        return vm.longsAt(places);
    }

    /** What the region at an address is used for. */
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
        return tag == free ? "free" : "in use"; // by what this JVM has no name for
    }
}
