package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;

/** The program of a JVM with the collector G1: what it says of its regions, beside what GC.heap_info does. */
final class HeapOfG1 {
    private static final Pattern YOUNG = Pattern.compile("(\\d+) young \\((\\d+)K\\), (\\d+) survivors \\((\\d+)K\\)");

    private HeapOfG1() {
    }

    public static void main(String[] arguments) throws Exception {
        byte[] humongous = new byte[3_000_000];
        for (int attempt = 0; attempt < 100; attempt++) {
            String before = young();
            JvmRegions regions = JvmRegions.read();
            long survivors = bytes(regions, "survivor space");
            long eden = bytes(regions, "eden space");
            if (before.equals(young()) && before.equals((eden + survivors) / 1024 + " " + survivors / 1024)) {
                System.out.println("young " + (eden > 0) + ", humongous " + (bytes(regions, "humongous objects") >= humongous.length)
                        + ", all " + (bytes(regions, "") == bytes(regions, "eden space") + survivors + bytes(regions, "humongous objects")
                        + bytes(regions, "old generation") + bytes(regions, "free") + bytes(regions, "reserved")));
                return;
            }
        }
        System.out.println("WRONG: never as " + young());
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
            boolean isThis = regions.region(i) == Region.JAVA_HEAP && (what.isEmpty() || regions.detail(i).equals(what));
            bytes += isThis ? regions.end(i) - regions.start(i) : 0;
        }
        return bytes;
    }
}
