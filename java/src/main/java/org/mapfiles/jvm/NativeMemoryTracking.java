package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the ranges in the output of VM.native_memory of JDK 17 to 25. It has ranges with
 * -XX:NativeMemoryTracking=detail.
 */
final class NativeMemoryTracking {
    private static final Pattern RESERVED = Pattern.compile(
            "^\\[0x([0-9a-f]{1,16}) - 0x([0-9a-f]{1,16})\\] reserved .* for (\\w[^\\n]*?)(?: from)?$",
            Pattern.MULTILINE);

    private NativeMemoryTracking() {}

    static List<RegionCandidate> candidates(String text) {
        List<RegionCandidate> candidates = new ArrayList<>();
        for (Matcher at = BoundedText.matcher(RESERVED, text); at.find(); ) {
            long start = Long.parseUnsignedLong(at.group(1), 16);
            long end = Long.parseUnsignedLong(at.group(2), 16);
            if (Long.compareUnsigned(start, end) < 0) {
                candidates.add(RegionCandidate.reported(start, end, region(at.group(3)), at.group(3)));
            }
        }
        return candidates;
    }

    private static JvmRegions.Kind region(String category) {
        switch (category) {
            case "Java Heap":
                return JvmRegions.Kind.JAVA_HEAP;
            case "Code":
                return JvmRegions.Kind.CODE_HEAP;
            case "Class":
                return JvmRegions.Kind.CLASS_SPACE;
            case "Metaspace":
                return JvmRegions.Kind.METASPACE;
            case "Shared class space":
                return JvmRegions.Kind.CDS;
            case "Thread Stack":
                return JvmRegions.Kind.THREAD_STACK;
            case "GC":
                return JvmRegions.Kind.GC;
            default:
                return JvmRegions.Kind.JVM_OTHER;
        }
    }
}
