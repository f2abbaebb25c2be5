package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The program of a JVM that another process reads: prints what it reports of itself, a line for each part, and its System.map where
 * it has that; then waits until its input ends.
 */
final class RegionsFromOutsideMain {
    private RegionsFromOutsideMain() {
    }

    public static void main(String[] arguments) throws Exception {
        List<Object> kept = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            kept.add(new byte[1_000]);
        }
        kept.add(ByteBuffer.allocateDirect(1 << 20));
        System.gc();
        JvmRegions.read(); // loads what it needs, so that the next one moves nothing
        SystemMapMain.systemMap();
        JvmRegions regions = JvmRegions.read();
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < regions.size(); i++) {
            out.append("PART ").append(Long.toHexString(regions.start(i))).append(' ').append(Long.toHexString(regions.end(i))).append(' ')
                    .append(regions.region(i)).append('\n');
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
