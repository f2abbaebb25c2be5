package org.mapfiles.cli.output;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmRegions;

/**
 * What an address of a JVM belongs to.
 *
 * @param code the compiled method or the stub; null: none, or unknown
 * @param codeOffset the address minus the start of the code, in bytes
 * @param inlined the methods that are inlined at the address, innermost first
 * @param tier of the compiler; -1: unknown
 * @param detail more about the region; may be empty
 * @param isInferred whether the region is inferred from the memory's content or place
 */
public record AddressReport(
        String code,
        long codeOffset,
        List<InlinedMethod> inlined,
        int tier,
        JvmRegions.Kind region,
        String detail,
        boolean isInferred) {
    /**
     * A method that is inlined at an address. A name is empty if it is unknown.
     *
     * @param bytecode index of the bytecode that the instruction belongs to; -1: unknown
     */
    public record InlinedMethod(String className, String methodName, String signature, int bytecode) {}

    /** Makes the report of an address from its code, if that was found, and its region. */
    public static AddressReport of(long address, CodeInfo code, JvmRegions regions) {
        int region = regions.find(address);
        JvmRegions.Kind kind = region < 0 ? JvmRegions.Kind.UNKNOWN : regions.region(region);
        String detail = region < 0 ? "" : regions.detail(region);
        boolean isInferred = region >= 0 && regions.isInferred(region);
        if (!code.isFound()) {
            return new AddressReport(null, 0, List.of(), -1, kind, detail, isInferred);
        }
        List<InlinedMethod> inlined = new ArrayList<>();
        for (int i = 0; i < code.frames() - 1; i++) { // the last frame is the compiled method
            inlined.add(new InlinedMethod(code.className(i), code.methodName(i), code.signature(i), code.bytecode(i)));
        }
        return new AddressReport(
                code.toString(), address - code.start(), inlined, code.tier(), kind, detail, isInferred);
    }
}
