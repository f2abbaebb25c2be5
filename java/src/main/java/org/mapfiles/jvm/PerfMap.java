package org.mapfiles.jvm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The names of a process' generated code, as programs leave them for perf(1): {@code /tmp/perf-PID.map}, a line each of a start, a size
 * and a name, numbers in hexadecimal. Written from what this JVM told of its code, and read from whoever wrote one.
 *
 * <p>Immutable; for any number of threads. Finding allocates nothing.
 */
public final class PerfMap {
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

    /** Where the map of a process is. */
    public static Path pathOf(long pid) {
        return Path.of("/tmp/perf-" + pid + ".map");
    }

    /**
     * Reads the map of a process.
     *
     * @throws IOException if there is none, if it is no regular file, or if it belongs neither to the process' user, nor to root,
     *     nor to this one: anybody may put a file there
     */
    public static PerfMap of(long pid) throws IOException {
        Object owner = Files.getAttribute(Path.of("/proc/" + pid), "unix:uid");
        return read(pathOf(pid), (Integer) owner);
    }

    /**
     * Reads a map.
     *
     * @param file not a link to it, which might lead anywhere
     * @param user the number of the user to whom it is to belong, if not to root or to this one
     */
    public static PerfMap read(Path file, int user) throws IOException {
        Object looked = checked(file, user);
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            if (!looked.equals(checked(file, user))) {
                throw new IOException(file + " was replaced while it was opened: read it again");
            }
            return parse(in);
        }
    }

    /** Which file there is, if one to be believed; looked at before it is opened, as opening a pipe waits for who writes to it. */
    private static Object checked(Path file, int user) throws IOException {
        Map<String, Object> found = Files.readAttributes(file, "unix:uid,isRegularFile,isSymbolicLink,fileKey", LinkOption.NOFOLLOW_LINKS);
        if ((Boolean) found.get("isSymbolicLink")) {
            throw new IOException(file + " is a symbolic link, which is not followed: if it is meant, read the file that it leads to");
        }
        if (!(Boolean) found.get("isRegularFile")) {
            throw new IOException(file + " is no regular file, so it is not opened: remove it, and have the map written anew");
        }
        int owner = (Integer) found.get("uid");
        int self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (owner != user && owner != 0 && owner != self) {
            throw new IOException(file + " belongs to the user of number " + owner + ", not to that of the process (" + user
                    + "): what it says is not believed; remove it, and have the map written anew");
        }
        return found.get("fileKey");
    }

    private static PerfMap parse(InputStream in) throws IOException {
        List<Line> lines = new ArrayList<>();
        int malformed = 0;
        BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE)));
        for (String text = reader.readLine(); text != null; text = reader.readLine()) {
            Line line = line(text);
            if (line == null) {
                malformed++;
            } else {
                lines.add(line);
            }
        }
        TreeMap<Long, Line> newest = new TreeMap<>(Long::compareUnsigned);
        for (Line line : lines) {
            put(newest, line);
        }
        return new PerfMap(newest, malformed);
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

    /** Lines that were not understood. */
    public int malformed() {
        return malformed;
    }

    /** First address of a piece of code. */
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
