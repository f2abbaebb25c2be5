package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;

/** Compares the regions of a G1 heap with GC.heap_info and VM.info. */
final class G1HeapMain {
    private static final Pattern REGION =
            Pattern.compile("^\\| *\\d+\\|0x(\\w+), 0x\\w+, 0x(\\w+)\\| *\\d+%\\| ?(\\w+)\\|", Pattern.MULTILINE);
    private static final Map<String, String> USES = Map.of(
            "E",
            "eden space",
            "S",
            "survivor space",
            "O",
            "old generation",
            "HS",
            "humongous objects",
            "HC",
            "humongous objects",
            "F",
            "free",
            "OA",
            "archived objects",
            "CA",
            "archived objects");
    /** Up to JDK 27. Groups are the regions and KiB of the young generation and of its survivors. */
    private static final Pattern YOUNG = Pattern.compile("(\\d+) young \\((\\d+)K\\), (\\d+) survivors \\((\\d+)K\\)");
    /** Since JDK 28. Groups are the MiB of both spaces. */
    private static final Pattern EDEN = Pattern.compile("\\d+ eden \\((\\d+)M\\), \\d+ survivor \\((\\d+)M\\)");

    private G1HeapMain() {}

    public static void main(String[] arguments) throws Exception {
        JvmRegions agreed = Agreement.of(G1HeapMain::expected, G1HeapMain::actual);
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
                System.out.println("young " + (eden > 0) + ", humongous "
                        + (bytes(regions, "humongous objects") >= humongous.length)
                        + ", all "
                        + (bytes(regions, "")
                                == bytes(regions, "eden space")
                                        + survivors
                                        + bytes(regions, "humongous objects")
                                        + bytes(regions, "old generation")
                                        + bytes(regions, "free")
                                        + bytes(regions, "reserved")
                                        + bytes(regions, "archived objects")));
                return;
            }
        }
        System.out.println("WRONG: never as " + young());
    }

    /** Returns the range and the use of each region by VM.info. */
    private static List<String> expected() {
        List<String> expected = new ArrayList<>();
        for (Matcher at = REGION.matcher(DiagnosticCommands.vmInfo()); at.find(); ) {
            expected.add(at.group(1) + ' ' + at.group(2) + ' ' + USES.get(at.group(3)));
        }
        return expected;
    }

    /** Returns the same regions by JvmRegions. */
    private static List<String> actual(JvmRegions regions, List<String> expected) {
        List<String> actual = new ArrayList<>();
        for (String region : expected) {
            String[] words = region.split(" ", 3);
            int index = regions.find(Long.parseUnsignedLong(words[0], 16));
            actual.add(words[0] + ' ' + words[1] + ' ' + (index < 0 ? "not there" : regions.detail(index)));
        }
        return actual;
    }

    private static String young() throws Exception {
        String text = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcHeapInfo",
                        new Object[0],
                        new String[0]);
        Matcher spaces = EDEN.matcher(text);
        if (spaces.find()) {
            long eden = Long.parseLong(spaces.group(1));
            long survivors = Long.parseLong(spaces.group(2));
            return (eden + survivors) * 1024 + " " + survivors * 1024;
        }
        Matcher at = YOUNG.matcher(text);
        if (!at.find()) {
            throw new IllegalStateException(text);
        }
        return at.group(2) + " " + at.group(4);
    }

    /** Returns the bytes of the heap with a use; without one, of the whole heap. */
    private static long bytes(JvmRegions regions, String what) {
        long bytes = 0;
        for (int i = 0; i < regions.size(); i++) {
            boolean isThis = regions.region(i) == JvmRegions.Kind.JAVA_HEAP
                    && (what.isEmpty() || regions.detail(i).equals(what));
            bytes += isThis ? regions.end(i) - regions.start(i) : 0;
        }
        return bytes;
    }
}
