package org.mapfiles.cli;

import java.lang.ref.Reference;
import java.nio.file.Path;

/** The program of another JVM: maps a file and waits to be killed. */
public final class MapAndWaitMain {
    private MapAndWaitMain() {
    }

    public static void main(String[] arguments) throws Exception {
        MappedTestFile mapped = new MappedTestFile(Path.of(arguments[0]));
        System.out.print(mapped.firstByte() == 0 ? "!" : "?");
        System.out.flush();
        Thread.sleep(1_000_000);
        Reference.reachabilityFence(mapped);
    }
}
