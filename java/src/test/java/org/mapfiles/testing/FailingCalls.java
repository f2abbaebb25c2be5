package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;

/**
 * Makes system calls of the calling thread fail: calls of the library, and calls of the JDK that use files, sockets and
 * processes. The native part is native/test/jvm/fail_calls.c.
 */
public final class FailingCalls {
    private static final String PROGRAM = "mapfiles.special-process";

    private FailingCalls() {}

    private static Path library() {
        return Path.of(System.getProperty(PROGRAM)).toAbsolutePath().resolveSibling("libfail_calls.so");
    }

    /** Returns a JVM that may call {@link #prepare}. Skips the test if the native part is not built. */
    public static ChildJvm newJvm() {
        assumeTrue(Files.exists(library()), "the native tests are not built");
        return new ChildJvm().with("-D" + PROGRAM + "=" + System.getProperty(PROGRAM));
    }

    /**
     * Prepares the calling thread. It cannot be undone, and the thread must start no process afterwards.
     *
     * @throws IOException if the kernel has no filter of system calls, or the architecture is not supported
     */
    public static void prepare() throws IOException {
        System.load(library().toString());
        try (ProcessMaps maps = ProcessMaps.self();
                Stream<ImmutableMapping> code =
                        maps.snapshot(MapFilter.all().executable().fileBacked()).stream()) {
            ImmutableMapping library = code.filter(mapping -> mapping.name().contains("/libmapfiles"))
                    .findFirst()
                    .orElseThrow();
            int error = install(library.start(), library.end());
            if (error != 0) {
                throw new IOException("seccomp(2): error " + error);
            }
        }
    }

    private static native int install(long start, long end);

    /**
     * Begins to count calls. One of them fails.
     *
     * @param at its number, from 1; 0: none fails
     * @param error a positive errno
     */
    public static native void begin(int at, int error);

    /**
     * Calls no longer fail.
     *
     * @return the number of calls since {@link #begin}
     */
    public static native int end();

    /**
     * Returns the number of the system call that failed since {@link #begin}; -1 if none did, because there were fewer
     * calls, or because that call cannot fail so.
     */
    public static native long failed();
}
