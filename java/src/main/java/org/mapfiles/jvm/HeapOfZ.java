package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the address ranges of the heap of ZGC. A pointer of ZGC is an offset and one bit above it. Without generations
 * (up to JDK 23) there are three such bits, and the whole heap is mapped at each. Memory in these ranges is inferred to
 * be heap, reserved or in use.
 */
final class HeapOfZ {
    private static final String GLOBALS = "GlobalsForVMStructs";

    private HeapOfZ() {}

    /**
     * Returns the first letter of the names of HotSpot's types: X for ZGC without generations in JDK 21 to 23, where
     * the types with Z are those of ZGC with generations (src/hotspot/share/gc/x/vmStructs_x.hpp); Z otherwise. The
     * structures of both modes exist, but masks of a mode that is not in use are 0.
     */
    static String prefix(VmReader vm) {
        try {
            return offsetMask(vm, "X") != 0 ? "X" : "Z";
        } catch (VmFieldMissing otherVersion) {
            return "Z";
        }
    }

    /** Returns the ranges; none if another collector is in use. */
    static List<RegionCandidate> candidates(VmReader vm) {
        try {
            String prefix = prefix(vm);
            long globals = vm.pointer(prefix + GLOBALS, "_instance_p");
            long mask = offsetMask(vm, prefix);
            if (mask == 0) {
                return List.of();
            }
            long size = mask + 1;
            long bits = size;
            if (vm.has(prefix + GLOBALS, "_" + prefix + "AddressMetadataMask")) {
                bits = value(vm, globals, prefix, "AddressMetadataMask")
                        & ~value(vm, globals, prefix, "AddressMetadataFinalizable");
            }
            List<RegionCandidate> candidates = new ArrayList<>();
            for (long bit = Long.lowestOneBit(bits);
                    size > 0 && bit >= size;
                    bit = Long.lowestOneBit(bits & -bit << 1)) {
                candidates.add(RegionCandidate.inferred(bit, bit + size, JvmRegions.Kind.JAVA_HEAP, "Z heap"));
            }
            return candidates;
        } catch (VmFieldMissing none) {
            return List.of();
        }
    }

    private static long offsetMask(VmReader vm, String prefix) throws VmFieldMissing {
        return value(vm, vm.pointer(prefix + GLOBALS, "_instance_p"), prefix, "AddressOffsetMask");
    }

    /** Returns the value that a field points to. */
    private static long value(VmReader vm, long globals, String prefix, String field) throws VmFieldMissing {
        return vm.longAt(vm.pointer(globals, prefix + GLOBALS, "_" + prefix + field));
    }
}
