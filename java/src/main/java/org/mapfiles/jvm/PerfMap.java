package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The perf map of a process: names of generated code in {@code /tmp/perf-PID.map}, as perf(1) reads it. Each line has a
 * start and a size in hexadecimal, and a name. This class reads the map of any process, and writes that of this JVM.
 *
 * <p>Immutable and thread-safe. {@link #find} allocates nothing.
 */
public final class PerfMap {
    private static final int MAX_PIECES = 2_000_000;

    private final long[] starts;
    private final long[] ends;
    private final String[] names;
    private final int malformed;

    private PerfMap(TreeMap<Long, Line> lines, int malformed) {
        starts = new long[lines.size()];
        ends = new long[lines.size()];
        names = new String[lines.size()];
        int i = 0;
        for (Line line : lines.values()) {
            starts[i] = line.start;
            ends[i] = line.end;
            names[i++] = line.name;
        }
        this.malformed = malformed;
    }

    private record Line(long start, long end, String name) {}

    /**
     * {@return the path of the map of a process that has the root directory and PID namespace of this JVM:
     * {@code /tmp/perf-PID.map}}
     *
     * @param pid in the PID namespace of that process
     */
    public static Path pathOf(long pid) {
        return Path.of("/tmp/perf-" + pid + ".map");
    }

    /**
     * Reads the map of a process, also in a container: {@code /tmp/perf-N.map} below the root directory of the process
     * (proc_pid_root(5)), where N is its PID in its own PID namespace (NSpid of proc_pid_status(5)).
     *
     * <p>If the map was last changed before the process started, it belongs to an earlier process with the same PID,
     * and is rejected.
     *
     * @param pid in the PID namespace of this JVM
     * @return the map
     * @throws java.nio.file.NoSuchFileException if there is no such process, or it has no map
     * @throws java.nio.file.AccessDeniedException if this user may not read the files of the process
     * @throws IOException if the map is older than the process, or for the reasons of {@link #read}
     */
    public static PerfMap of(long pid) throws IOException {
        try (PerfMapFile file = PerfMapFile.openOf(pid)) {
            file.checkOwner(file.user());
            file.checkAge();
            return parse(file);
        }
    }

    /**
     * Reads a map from a file.
     *
     * @param file a regular file of at most 128 MiB; a symbolic link is not followed
     * @param user the user ID that must own the file, unless it is root or the user of this JVM
     * @return the map
     * @throws java.nio.file.NoSuchFileException if the file does not exist
     * @throws java.nio.file.AccessDeniedException if this user may not read the file
     * @throws IOException if it is not a regular file (it is not opened then); if another user owns it, since any user
     *     can create files in /tmp; if it is larger than 128 MiB, or has more than 2,000,000 ranges; or if it cannot be
     *     read
     */
    public static PerfMap read(Path file, int user) throws IOException {
        Objects.requireNonNull(file, "file");
        try (PerfMapFile open = PerfMapFile.open(file)) {
            open.checkOwner(user);
            return parse(open);
        }
    }

    private static PerfMap parse(PerfMapFile file) throws IOException {
        TreeMap<Long, Line> newest = new TreeMap<>(Long::compareUnsigned);
        int[] malformed = {0};
        file.read(new PerfMapFile.Lines() {
            @Override
            public void line(String text) throws IOException {
                Line line = PerfMap.line(text);
                if (line == null) {
                    malformed[0]++;
                } else if (newest.size() < MAX_PIECES) {
                    put(newest, line);
                } else {
                    throw new IOException(
                            "the perf map has more than " + MAX_PIECES + " ranges: let the process write it again");
                }
            }

            @Override
            public void tooLong() {
                malformed[0]++;
            }
        });
        return new PerfMap(newest, malformed[0]);
    }

    /** Adds a line and removes earlier lines that it overlaps: their code was unloaded. */
    private static void put(TreeMap<Long, Line> all, Line line) {
        var before = all.lowerEntry(line.start);
        if (before != null && Long.compareUnsigned(before.getValue().end, line.start) > 0) {
            all.remove(before.getKey());
        }
        all.subMap(line.start, true, line.end, false).clear();
        all.put(line.start, line);
    }

    private static @Nullable Line line(String text) {
        String[] fields = text.strip().split("\\s+", 3);
        try {
            if (fields.length == 3) {
                long start = hex(fields[0]);
                long end = start + hex(fields[1]);
                return Long.compareUnsigned(start, end) < 0 ? new Line(start, end, fields[2]) : null;
            }
        } catch (NumberFormatException noNumber) {
            // malformed
        }
        return null;
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
    }

    /**
     * Writes the code that is loaded in this JVM to a file, atomically: a new file replaces it. perf(1) reads the map
     * after the recording, so write it shortly before the JVM exits. Allocates.
     *
     * @param code the recorded code of this JVM
     * @param file the file to write
     * @return the number of lines
     * @throws IOException if the file or a temporary file beside it cannot be written
     */
    public static int write(JvmCode code, Path file) throws IOException {
        Objects.requireNonNull(file, "file"); // before anything is written
        List<String> lines = new ArrayList<>();
        code.forEach(each -> lines.add(Long.toHexString(each.start())
                + ' '
                + Long.toHexString(each.end() - each.start())
                + ' '
                + each.toString().replace('\n', ' ')));
        Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "perf-", ".map.draft");
        try {
            Files.write(draft, lines);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE); // replaces a link too, instead of following it
            return lines.size();
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** {@return the number of ranges} */
    public int size() {
        return starts.length;
    }

    /** {@return the number of lines that are malformed or longer than 64 KiB} They were skipped. */
    public int malformed() {
        return malformed;
    }

    /**
     * {@return the first address of a range, unsigned}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long start(int index) {
        return starts[index];
    }

    /**
     * {@return the end of a range (exclusive), unsigned}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long end(int index) {
        return ends[index];
    }

    /**
     * {@return the name of a range}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public String name(int index) {
        return names[index];
    }

    /**
     * {@return the index of the range that has an address; -1: none} Any 64-bit value is valid.
     *
     * @param address any 64-bit value
     */
    public int find(long address) {
        return Ranges.find(starts, ends, address);
    }
}
