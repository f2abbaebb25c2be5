package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Finds the spaces of the heap of collectors whose spaces are contiguous: Serial, Parallel, Epsilon. */
final class Generations {
    private final VmReader vm;
    private final List<RegionCandidate> candidates = new ArrayList<>();

    private Generations(VmReader vm) {
        this.vm = vm;
    }

    /** Returns the spaces of the collector in use; none for another collector. */
    static List<RegionCandidate> candidates(VmReader vm, JvmProcess.Flags flags) {
        Generations generations = new Generations(vm);
        try {
            long heap = vm.pointer("Universe", "_collectedHeap");
            if (flags.isOn("UseSerialGC")) {
                generations.serial(heap);
            } else if (flags.isOn("UseParallelGC")) {
                generations.parallel();
            } else if (flags.isOn("UseEpsilonGC")) {
                generations.space(heap + vm.location("EpsilonHeap", "_virtual_space"), "VirtualSpace", "heap");
            }
        } catch (VmFieldMissing none) {
            // the spaces that were found before are valid
        }
        return generations.candidates;
    }

    private void add(long start, long end, String detail) {
        if (Long.compareUnsigned(start, end) < 0) {
            candidates.add(RegionCandidate.reported(start, end, JvmRegions.Kind.JAVA_HEAP, detail));
        }
    }

    /** Adds the reserved range of a space, and its committed range. */
    private void space(long space, String type, String detail) throws VmFieldMissing {
        boolean isVirtual = type.equals("VirtualSpace");
        space(
                vm.pointer(space, type, isVirtual ? "_low_boundary" : "_reserved_low_addr"),
                vm.pointer(space, type, isVirtual ? "_high_boundary" : "_reserved_high_addr"),
                vm.pointer(space, type, isVirtual ? "_low" : "_committed_low_addr"),
                vm.pointer(space, type, isVirtual ? "_high" : "_committed_high_addr"),
                detail);
    }

    private void space(long start, long end, long committedStart, long committedEnd, String detail) {
        if (start != committedStart || end != committedEnd) { // nothing is only reserved if they are the same
            add(start, end, "reserved");
        }
        add(committedStart, committedEnd, detail);
    }

    /** Adds the space that a field of an object points to. */
    private void part(long object, String type, String field, String spaceType, String detail) throws VmFieldMissing {
        long space = vm.pointer(object, type, field);
        add(vm.pointer(space, spaceType, "_bottom"), vm.pointer(space, spaceType, "_end"), detail);
    }

    private void serial(long heap) throws VmFieldMissing {
        String type = vm.has("SerialHeap", "_young_gen") ? "SerialHeap" : "GenCollectedHeap"; // up to JDK 21
        String space = vm.has("ContiguousSpace", "_bottom") ? "ContiguousSpace" : "Space";
        long young = vm.pointer(heap, type, "_young_gen");
        long old = vm.pointer(heap, type, "_old_gen");
        space(young + vm.location("Generation", "_virtual_space"), "VirtualSpace", "young generation");
        space(old + vm.location("Generation", "_virtual_space"), "VirtualSpace", "old generation");
        part(young, "DefNewGeneration", "_eden_space", space, "eden space");
        part(young, "DefNewGeneration", "_from_space", space, "survivor space, from");
        part(young, "DefNewGeneration", "_to_space", space, "survivor space, to");
    }

    /** Returns a generation of the Parallel collector. The field is static up to JDK 25, and not in JDK 27. */
    static long ofParallel(VmReader vm, String field) throws VmFieldMissing {
        return vm.isStatic("ParallelScavengeHeap", field)
                ? vm.pointer("ParallelScavengeHeap", field)
                : vm.pointer(vm.pointer("Universe", "_collectedHeap"), "ParallelScavengeHeap", field);
    }

    private void parallel() throws VmFieldMissing {
        long young = ofParallel(vm, "_young_gen");
        long old = ofParallel(vm, "_old_gen");
        if (vm.has("PSYoungGen", "_virtual_space")) {
            space(vm.pointer(young, "PSYoungGen", "_virtual_space"), "PSVirtualSpace", "young generation");
            space(vm.pointer(old, "PSOldGen", "_virtual_space"), "PSVirtualSpace", "old generation");
        } else { // JDK 28: one space, with a boundary between the generations
            String type = "PSHeapVirtualSpace";
            long space = vm.pointer(young, "PSYoungGen", "_heap_vs");
            long low = vm.pointer(space, type, "_reserved_low_addr");
            long boundary = vm.pointer(space, type, "_gen_boundary");
            long high = vm.pointer(space, type, "_reserved_high_addr");
            space(low, boundary, low, vm.pointer(space, type, "_old_gen_committed_high_addr"), "old generation");
            space(
                    boundary,
                    high,
                    boundary,
                    vm.pointer(space, type, "_young_gen_committed_high_addr"),
                    "young generation");
        }
        part(young, "PSYoungGen", "_eden_space", "MutableSpace", "eden space");
        part(young, "PSYoungGen", "_from_space", "MutableSpace", "survivor space, from");
        part(young, "PSYoungGen", "_to_space", "MutableSpace", "survivor space, to");
    }
}
