package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;

/** The processes of this machine that the proc file system shows to the caller. */
public final class ProcessList {
    /** Maximum length of a name: TASK_COMM_LEN of the kernel is 16, and names of kernel threads are longer. */
    private static final int MAX_NAME = 64;

    private ProcessList() {}

    /** Returns the PIDs in ascending order. */
    public static long[] pids() throws IOException {
        LongStream.Builder pids = LongStream.builder();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"))) {
            for (Path entry : entries) {
                int pid = PositiveNumber.parse(String.valueOf(entry.getFileName()));
                if (pid > 0) {
                    pids.add(pid);
                }
            }
        }
        long[] sorted = pids.build().toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    /** Returns the bytes of the name of a process, as ps(1) shows it; empty: it is unknown. */
    public static byte[] name(long pid) {
        try (var in = Files.newInputStream(Path.of("/proc/" + pid + "/comm"))) {
            byte[] name = in.readNBytes(MAX_NAME);
            int length = name.length > 0 && name[name.length - 1] == '\n' ? name.length - 1 : name.length;
            return Arrays.copyOf(name, length);
        } catch (IOException unknown) {
            return new byte[0];
        }
    }
}
