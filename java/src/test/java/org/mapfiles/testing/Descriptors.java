package org.mapfiles.testing;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Counts open descriptors of this process. */
public final class Descriptors {
    private Descriptors() {}

    /** Returns the number of descriptors of processes: directories of /proc, and maps in them. */
    public static int count() throws IOException {
        return countMatching("/proc/\\d+(/maps|/task/\\d+/maps|/map_files)?");
    }

    /** Collects garbage, which closes descriptors, until there are no more than some. */
    public static void awaitNoMoreThan(int count) throws Exception {
        Await.until("unreachable objects are collected", () -> {
            System.gc();
            return count() <= count;
        });
    }

    /** Returns the number of open events of perf_event_open(2). */
    public static int countPerf() throws IOException {
        return countMatching("anon_inode:\\[perf_event]");
    }

    /** Returns the number of descriptors of files below a directory. */
    public static int countBelow(Path directory) throws IOException {
        return countMatching(Pattern.quote(directory + "/") + ".*");
    }

    private static int countMatching(String link) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                count += matches(descriptor, link) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean matches(Path descriptor, String link) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().matches(link);
        } catch (NoSuchFileException closedMeanwhile) {
            return false;
        }
    }
}
