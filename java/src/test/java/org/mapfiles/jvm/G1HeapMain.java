package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;

/** The program of a JVM with the collector G1: what it says of its regions, beside what GC.heap_info and VM.info do. */
final class G1HeapMain {
    private static final Pattern REGION = Pattern.compile(
            "^\\| *\\d+\\|0x(\\w+), 0x\\w+, 0x(\\w+)\\| *\\d+%\\| ?(\\w+)\\|", Pattern.MULTILINE);
    private static final Map<String, String> USES = Map.of("E", "eden space", "S", "survivor space", "O", "old generation",
            "HS", "humongous objects", "HC", "humongous objects", "F", "free", "OA", "archived objects", "CA", "archived objects");
    private static final Pattern YOUNG = Pattern.compile("(\\d+) young \\((\\d+)K\\), (\\d+) survivors \\((\\d+)K\\)");

    private G1HeapMain() {
    }

    public static void main(String[] arguments) throws Exception {
        JvmRegions agreed = Agreement.of(G1HeapMain::told, G1HeapMain::said);
        if (agreed != null) {
            System.out.println("archived " + (bytes(agreed, "archived objects") > 0) + ", as VM.info says");
        }
        byte[] humongous = new byte[3_000_000];
        for (int attempt = 0; attempt < 100; attempt++) {
            String before = young();
            JvmRegions regions = JvmRegions.read();
            long survivors = bytes(regions, "survivor space");
            long eden = bytes(regions, "eden space");
            if (before.equals(young()) && before.equals((eden + survivors) / 1024 + " " + survivors / 1024)) {
                System.out.println("young " + (eden > 0) + ", humongous " + (bytes(regions, "humongous objects") >= humongous.length)
                        + ", all " + (bytes(regions, "") == bytes(regions, "eden space") + survivors + bytes(regions, "humongous objects")
                        + bytes(regions, "old generation") + bytes(regions, "free") + bytes(regions, "reserved")
                        + bytes(regions, "archived objects")));
                return;
            }
        }
        System.out.println("WRONG: never as " + young());
    }

    /** What VM.info has of each region: its range and its use. */
    private static List<String> told() {
        List<String> told = new ArrayList<>();
        for (Matcher at = REGION.matcher(DiagnosticCommands.vmInfo()); at.find(); ) {
            told.add(at.group(1) + ' ' + at.group(2) + ' ' + USES.get(at.group(3)));
        }
        return told;
    }

    /** What is said of the same regions. */
    private static List<String> said(JvmRegions regions, List<String> told) {
        List<String> said = new ArrayList<>();
        for (String region : told) {
            String[] words = region.split(" ", 3);
            int index = regions.find(Long.parseUnsignedLong(words[0], 16));
            said.add(words[0] + ' ' + words[1] + ' ' + (index < 0 ? "not there" : regions.detail(index)));
        }
        return said;
    }

    private static String young() throws Exception {
        String text = (String) ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"), "gcHeapInfo", new Object[0], new String[0]);
        Matcher at = YOUNG.matcher(text);
        if (!at.find()) {
            throw new IllegalStateException(text);
        }
        return at.group(2) + " " + at.group(4);
    }

    /** Bytes of the heap that are told to be this; of all with nothing. */
    private static long bytes(JvmRegions regions, String what) {
        long bytes = 0;
        for (int i = 0; i < regions.size(); i++) {
            boolean isThis = regions.region(i) == RegionKind.JAVA_HEAP && (what.isEmpty() || regions.detail(i).equals(what));
            bytes += isThis ? regions.end(i) - regions.start(i) : 0;
        }
        return bytes;
    }
}
