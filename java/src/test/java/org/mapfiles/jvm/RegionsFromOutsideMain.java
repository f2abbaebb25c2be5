package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM that another process reads. It prints the regions that it reports of itself, one per line, and its System.map
 * if it has that command; then it waits until its input ends.
 */
final class RegionsFromOutsideMain {
    private RegionsFromOutsideMain() {}

    public static void main(String[] arguments) throws Exception {
        List<Object> kept = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            kept.add(new byte[1_000]);
        }
        kept.add(ByteBuffer.allocateDirect(1 << 20));
        System.gc();
        JvmRegions.read(); // loads all classes, so that the next read changes no mapping
        SystemMapMain.systemMap();
        JvmRegions regions = JvmRegions.read();
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < regions.size(); i++) {
            out.append("PART ")
                    .append(Long.toHexString(regions.start(i)))
                    .append(' ')
                    .append(Long.toHexString(regions.end(i)))
                    .append(' ')
                    .append(regions.region(i))
                    .append('\n');
        }
        for (String line : SystemMapMain.systemMap().split("\n")) {
            out.append("MAP ").append(line).append('\n');
        }
        System.out.print(out);
        System.out.println("READY");
        while (System.in.read() >= 0) {
            continue;
        }
        System.out.println("kept " + kept.size());
    }
}
