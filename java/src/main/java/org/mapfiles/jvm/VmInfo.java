package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the ranges in the output of VM.info and VM.metaspace of JDK 17 to 25. The format may change: lines that are
 * missing or differ are ignored.
 */
final class VmInfo {
    private static final String HEX = "0x([0-9a-f]{1,16})";
    private static final Pattern CLASS_SPACE = line("Compressed class space mapped at: " + HEX + "-" + HEX + ",.*");
    private static final Pattern ARCHIVE =
            line("CDS archive\\(s\\) mapped at: \\[" + HEX + "-" + HEX + "-" + HEX + "\\).*");
    private static final Pattern CARDS = line("Card table byte_map: \\[" + HEX + "," + HEX + "\\].*");
    private static final Pattern BITS = line(" *(?:\\w+ )?Bits: \\[" + HEX + ", ?" + HEX + "\\).*");
    private static final Pattern POLLING = line("Polling page: " + HEX);
    private static final Pattern HEAP =
            line(" *([A-Za-z][A-Za-z -]*?) +(?:total |\\d+K).*\\[" + HEX + ",(?: ?0x[0-9a-f]+,)* ?" + HEX + "\\).*");
    private static final Pattern RESERVED = line(" - \\[" + HEX + ", " + HEX + "\\) *");
    private static final Pattern CODE = line(
            "(?:CodeHeap '([^']{1,40})'|CodeCache): size=.*\\n bounds \\[" + HEX + ", " + HEX + ", " + HEX + "\\]");
    /** The decimal separator depends on the locale: a point, a comma or an Arabic one. */
    private static final Pattern NODE =
            line("- node #\\d+: base " + HEX + ": reserved=(\\d{1,15})[.,\u066b](\\d\\d) KB.*");

    private static final Pattern END = Pattern.compile("\n(?:Compilation events \\(|Dynamic libraries:)");

    private VmInfo() {}

    private static Pattern line(String regex) {
        return Pattern.compile(
                "^" + regex + "$", Pattern.MULTILINE | Pattern.UNIX_LINES); // a name may contain other line terminators
    }

    private static long hex(Matcher at, int group) {
        return Long.parseUnsignedLong(at.group(group), 16);
    }

    private static void add(List<RegionCandidate> to, long start, long end, JvmRegions.Kind region, String detail) {
        if (Long.compareUnsigned(start, end) < 0) {
            to.add(RegionCandidate.reported(start, end, region, detail));
        }
    }

    /**
     * Returns the part of the output of VM.info that has the JVM's memory and no foreign text; empty: it cannot be
     * found.
     *
     * <p>The command line precedes this part; messages of exceptions, names of libraries and the environment follow it.
     * Any of them may contain lines that look like this part, its beginning or its end. So the lines of the command
     * line are counted, and the first end after it is the right one.
     *
     * @param lineEnds as {@link CommandLine#lineEnds}
     */
    static String ofTheJvm(String info, int lineEnds) {
        int at = lineEnds < 0 ? -1 : info.indexOf("\nCommand Line: ");
        for (int i = 0; i <= lineEnds && at >= 0; i++) {
            at = info.indexOf('\n', at + 1);
        }
        int start = at < 0 ? -1 : info.indexOf("\n---------------  P R O C E S S  ---------------\n", at);
        if (start < 0) {
            return "";
        }
        Matcher end = BoundedText.matcher(END, info).region(start, info.length());
        return end.find() ? info.substring(start, end.start()) : "";
    }

    /** Returns the heap, and its spaces if the collector has contiguous ones. */
    static List<RegionCandidate> heap(String info) {
        List<RegionCandidate> candidates = new ArrayList<>();
        for (Matcher at = BoundedText.matcher(HEAP, info); at.find(); ) {
            add(
                    candidates,
                    hex(at, 2),
                    hex(at, 3),
                    JvmRegions.Kind.JAVA_HEAP,
                    at.group(1).strip().replaceAll(" +", " "));
        }
        int shenandoah = info.indexOf("Reserved region:");
        Matcher reserved = BoundedText.matcher(RESERVED, info);
        if (shenandoah >= 0 && reserved.find(shenandoah)) {
            add(candidates, hex(reserved, 1), hex(reserved, 2), JvmRegions.Kind.JAVA_HEAP, "Shenandoah heap");
        }
        return candidates;
    }

    /** Returns the code heaps with their names. */
    static List<RegionCandidate> codeHeaps(String info) {
        List<RegionCandidate> candidates = new ArrayList<>();
        for (Matcher at = BoundedText.matcher(CODE, info); at.find(); ) {
            add(
                    candidates,
                    hex(at, 2),
                    hex(at, 4),
                    JvmRegions.Kind.CODE_HEAP,
                    at.group(1) == null ? "code cache" : at.group(1));
        }
        return candidates;
    }

    /** Returns class space, CDS archive, tables of the collector, and the polling page. */
    static List<RegionCandidate> others(String info) {
        List<RegionCandidate> candidates = new ArrayList<>();
        for (Matcher at = BoundedText.matcher(CLASS_SPACE, info); at.find(); ) {
            add(candidates, hex(at, 1), hex(at, 2), JvmRegions.Kind.CLASS_SPACE, "compressed class space");
        }
        for (Matcher at = BoundedText.matcher(ARCHIVE, info); at.find(); ) {
            add(candidates, hex(at, 1), hex(at, 3), JvmRegions.Kind.CDS, "CDS archive");
        }
        for (Matcher at = BoundedText.matcher(CARDS, info); at.find(); ) {
            add(candidates, hex(at, 1), hex(at, 2), JvmRegions.Kind.GC, "card table");
        }
        for (Matcher at = BoundedText.matcher(BITS, info); at.find(); ) {
            add(candidates, hex(at, 1), hex(at, 2), JvmRegions.Kind.GC, "mark bits");
        }
        for (Matcher at = BoundedText.matcher(POLLING, info); at.find(); ) {
            add(candidates, hex(at, 1), hex(at, 1) + 1, JvmRegions.Kind.JVM_OTHER, "safepoint polling page");
        }
        return candidates;
    }

    /** Returns the address space of metaspace and of class space. */
    static List<RegionCandidate> metaspace(String text) {
        List<RegionCandidate> candidates = new ArrayList<>();
        int classes = text.indexOf("vsl class-space:");
        for (Matcher at = BoundedText.matcher(NODE, text); at.find(); ) {
            boolean isClassSpace = classes >= 0 && at.start() > classes;
            long start = hex(at, 1);
            long bytes = Long.parseLong(at.group(2)) * 1024 + Long.parseLong(at.group(3)) * 1024 / 100;
            add(
                    candidates,
                    start,
                    start + bytes,
                    isClassSpace ? JvmRegions.Kind.CLASS_SPACE : JvmRegions.Kind.METASPACE,
                    isClassSpace ? "compressed class space" : "metaspace");
        }
        return candidates;
    }
}
