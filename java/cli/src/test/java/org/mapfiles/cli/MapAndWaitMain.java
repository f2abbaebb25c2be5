package org.mapfiles.cli;

import java.lang.ref.Reference;
import java.nio.file.Path;

/** Maps a file, reads its first page, and waits to be killed. */
public final class MapAndWaitMain {
    private MapAndWaitMain() {}

    public static void main(String[] arguments) throws Exception {
        MappedTestFile mapped = new MappedTestFile(Path.of(arguments[0]));
        System.out.println(mapped.firstByte() == 0 ? "READY" : "another byte");
        Thread.sleep(1_000_000);
        Reference.reachabilityFence(mapped);
    }
}
