package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the address ranges of the heap of ZGC. A pointer of ZGC is an offset and one bit above it. Up to JDK 22 there
 * are three such bits, and the whole heap is mapped at each. Memory in these ranges is inferred to be heap, reserved or
 * in use.
 */
final class HeapOfZ {
    private static final String GLOBALS = "ZGlobalsForVMStructs";

    private HeapOfZ() {}

    /** Returns the ranges; none if another collector is in use. */
    static List<RegionCandidate> candidates(VmReader vm) {
        try {
            long globals = vm.pointer(GLOBALS, "_instance_p");
            long size = value(vm, globals, "_ZAddressOffsetMask") + 1;
            long bits = size;
            if (vm.has(GLOBALS, "_ZAddressMetadataMask")) {
                bits = value(vm, globals, "_ZAddressMetadataMask")
                        & ~value(vm, globals, "_ZAddressMetadataFinalizable");
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

    /** Returns the value that a field points to. */
    private static long value(VmReader vm, long globals, String field) throws VmFieldMissing {
        return vm.longAt(vm.pointer(globals, GLOBALS, field));
    }
}
