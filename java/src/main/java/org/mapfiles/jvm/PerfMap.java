package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The names of a process' generated code, as programs leave them for perf(1): {@code /tmp/perf-PID.map}, a line each of a start, a size
 * and a name, numbers in hexadecimal. Written from what this JVM told of its code, and read from whoever wrote one.
 *
 * <p>Immutable; for any number of threads. Finding allocates nothing.
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

    private record Line(long start, long end, String name) {
    }

    /** Returns where a process writes its map, if it has this JVM's root directory and pid namespace: {@code /tmp/perf-PID.map}. */
    public static Path pathOf(long pid) {
        return Path.of("/tmp/perf-" + pid + ".map");
    }

    /**
     * Reads the map of a process, also of one in a container: {@code /tmp/perf-N.map} below the root directory of that process
     * (proc_pid_root(5)), where N is its pid in its own pid namespace (NSpid of proc_pid_status(5)).
     *
     * <p>A map that was last changed before the process started is of an earlier process of the same number, and is not believed.
     *
     * @param pid as numbered in this JVM's pid namespace
     * @throws java.nio.file.NoSuchFileException if there is no such process, or no map
     * @throws java.nio.file.AccessDeniedException if this user may not read the files of the process
     * @throws IOException if the map is older than the process; else as {@link #read}
     */
    public static PerfMap of(long pid) throws IOException {
        try (PerfMapFile file = PerfMapFile.openOf(pid)) {
            file.checkOwner(file.user());
            file.checkAge();
            return parse(file);
        }
    }

    /**
     * Reads a map.
     *
     * @param file a regular file of at most 128 MiB; not a symbolic link, which might lead anywhere
     * @param user the number of the user to whom it is to belong, if not to root or to this one
     * @throws java.nio.file.NoSuchFileException if there is no such file
     * @throws java.nio.file.AccessDeniedException if this user may not read it
     * @throws IOException if it is no regular file, which is then not opened; if it belongs to another user, as anybody may put a
     *     file into /tmp; if it is larger, or names more than 2,000,000 pieces of code; or if it cannot be read
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
                    throw new IOException("the perf map names more than " + MAX_PIECES + " pieces of code: have it written anew");
                }
            }

            @Override
            public void tooLong() {
                malformed[0]++;
            }
        });
        return new PerfMap(newest, malformed[0]);
    }

    /** What was written later is about code that took the place of the earlier. */
    private static void put(TreeMap<Long, Line> all, Line line) {
        var before = all.lowerEntry(line.start);
        if (before != null && Long.compareUnsigned(before.getValue().end, line.start) > 0) {
            all.remove(before.getKey());
        }
        all.subMap(line.start, true, line.end, false).clear();
        all.put(line.start, line);
    }

    private static Line line(String text) {
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
     * Writes what this JVM has of code now, whole or not at all: perf reads it when it reports, so write it before the JVM ends.
     *
     * @return how many lines
     */
    public static int write(JvmCode code, Path file) throws IOException {
        Objects.requireNonNull(file, "file"); // before anything is written
        List<String> lines = new ArrayList<>();
        code.forEach(each -> lines.add(Long.toHexString(each.start()) + ' ' + Long.toHexString(each.end() - each.start()) + ' '
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

    /** How many pieces of code it names. */
    public int size() {
        return starts.length;
    }

    /** Returns the number of lines that are no line of a map, or longer than 64 KiB. */
    public int malformed() {
        return malformed;
    }

    /**
     * Returns the first address of a piece of code.
     *
     * @throws IndexOutOfBoundsException here and below, if there is no such piece
     */
    public long start(int index) {
        return starts[index];
    }

    /** The address behind its last. */
    public long end(int index) {
        return ends[index];
    }

    /** Its name. */
    public String name(int index) {
        return names[index];
    }

    /** The piece of code that an address is in, or -1. */
    public int find(long address) {
        return Ranges.find(starts, ends, address);
    }
}
