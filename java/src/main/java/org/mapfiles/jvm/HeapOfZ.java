package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Where the collector Z has its heap: its pointers are an offset and, above that, one bit. Up to JDK 22 there are three such bits,
 * and all of the heap is mapped at each. What lies in these ranges is inferred to be the heap's, reserved or in use.
 */
final class HeapOfZ {
    private static final String GLOBALS = "ZGlobalsForVMStructs";

    private HeapOfZ() {
    }

    /** Nothing where another collector is in use. */
    static List<RegionCandidate> claims(VmReader vm) {
        try {
            long globals = vm.pointer(GLOBALS, "_instance_p");
            long size = value(vm, globals, "_ZAddressOffsetMask") + 1;
            long bits = size;
            if (vm.has(GLOBALS, "_ZAddressMetadataMask")) {
                bits = value(vm, globals, "_ZAddressMetadataMask") & ~value(vm, globals, "_ZAddressMetadataFinalizable");
            }
            List<RegionCandidate> claims = new ArrayList<>();
            for (long bit = Long.lowestOneBit(bits); size > 0 && bit >= size; bit = Long.lowestOneBit(bits & -bit << 1)) {
                claims.add(RegionCandidate.inferred(bit, bit + size, RegionKind.JAVA_HEAP, "Z heap"));
            }
            return claims;
        } catch (VmFieldMissing none) {
            return List.of();
        }
    }

    /** What a field points to. */
    private static long value(VmReader vm, long globals, String field) throws VmFieldMissing {
        return vm.longAt(vm.pointer(globals, GLOBALS, field));
    }
}
