package org.mapfiles.saved;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.MapsTextFault;

/**
 * The mappings that a file records: text of /proc/PID/maps or smaps, a fatal error log of HotSpot (JDK 8 to 28), or a
 * core file.
 *
 * <p>A part of the file that cannot be used is left out, and is a {@link #problems problem}. {@link MapSnapshot#ofText}
 * is strict: it rejects a whole text if one line is wrong.
 *
 * <p>Text with CR LF at the end of each line is read as if the lines ended with LF. A last line without a newline is
 * not used, since its name may be cut. In the snapshot of a core file devices and inodes are 0, and all mappings are
 * private: the file does not record them. {@link #permissions} distinguishes what is unknown.
 *
 * <p>Immutable and thread-safe. Memory use grows with the number of mappings, of which two million are read.
 */
public final class SavedMaps {
    /** What a file is. */
    public enum Source {
        /** Text of /proc/PID/maps. */
        MAPS,
        /** Text of /proc/PID/smaps. */
        SMAPS,
        /** A fatal error log of HotSpot, hs_err_pidPID.log. */
        FATAL_ERROR_LOG,
        /** A core file. */
        CORE
    }

    /**
     * A part of a saved file that could not be used.
     *
     * @param line number of the line, from 1; 0 if the problem belongs to no line
     * @param reason the end of a sentence that begins with the line, such as "has no newline at its end"
     */
    public record Problem(long line, String reason) {
        /**
         * Makes a problem.
         *
         * @param line number of the line, from 1; 0 if the problem belongs to no line
         * @param reason why the part could not be used
         */
        public Problem {
            Objects.requireNonNull(reason, "reason");
        }

        /** Returns {@code line 12 has no newline at its end}. */
        @Override
        public String toString() {
            return line > 0 ? "line " + line + " " + reason : reason;
        }
    }

    private static final int PEEK = 1 << 16;
    private static final int FIRST_LINES = 10;

    private final Source source;
    private final MapSnapshot snapshot;
    private final long pid;
    private final @Nullable Crash crash;
    private final List<Problem> problems;
    private final long problemCount;
    private final long[] contradicted;
    private final Map<Long, byte[]> buildIds;
    /** Starts of mappings whose permissions are unknown. */
    private final Set<Long> withoutPermissions;

    private SavedMaps(
            Source source,
            MapSnapshot snapshot,
            MapsLines lines,
            Problems problems,
            long pid,
            @Nullable Crash crash,
            Map<Long, byte[]> buildIds,
            Set<Long> withoutPermissions) {
        this.source = source;
        this.snapshot = snapshot;
        this.pid = pid;
        this.crash = crash;
        this.problems = problems.kept();
        this.problemCount = problems.count();
        this.contradicted = lines.contradicted();
        this.buildIds = buildIds;
        this.withoutPermissions = withoutPermissions;
    }

    /**
     * Reads a file. Its content decides what it is.
     *
     * @param file a file; a core file must be a regular file
     * @return what the file records
     * @throws MalformedMapsException if the file is none of these, or no line of it can be used
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IOException if the file cannot be read
     */
    public static SavedMaps read(Path file) throws IOException {
        Objects.requireNonNull(file, "file");
        try (BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file), PEEK)) {
            in.mark(PEEK);
            byte[] begin = in.readNBytes(PEEK);
            if (CoreFile.isElf(begin)) {
                return readCore(file);
            }
            in.reset();
            return readText(in, begin);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the mappings of a file", e);
        }
    }

    /**
     * Reads a stream of text. Does not close it.
     *
     * @param in text of maps or smaps, or a fatal error log; a core file cannot be read from a stream
     * @return what the text records
     * @throws MalformedMapsException if the text is none of these, or no line of it can be used
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IOException if the stream cannot be read
     */
    public static SavedMaps read(InputStream in) throws IOException {
        Objects.requireNonNull(in, "in");
        try {
            BufferedInputStream buffered = new BufferedInputStream(in, PEEK);
            buffered.mark(PEEK);
            byte[] begin = buffered.readNBytes(PEEK);
            if (CoreFile.isElf(begin)) {
                throw new MalformedMapsException("a core file cannot be read from a stream: give the file", 1);
            }
            buffered.reset();
            return readText(buffered, begin);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the mappings of a text", e);
        }
    }

    private static SavedMaps readCore(Path file) throws IOException {
        Problems problems = new Problems();
        MapsLines lines = new MapsLines(problems);
        try (FileChannel channel = FileChannel.open(file)) {
            CoreFile core = new CoreFile(channel, lines, problems);
            core.read();
            return new SavedMaps(
                    Source.CORE,
                    lines.snapshot(),
                    lines,
                    problems,
                    core.pid(),
                    core.crash(),
                    core.buildIds(),
                    core.withoutPermissions());
        }
    }

    private static SavedMaps readText(InputStream in, byte[] begin) throws IOException {
        LineReader lines = new LineReader(in);
        if (CarriageReturns.endEachLine(begin)) {
            lines.removeCarriageReturns();
        }
        Problems problems = new Problems();
        MapsLines maps = new MapsLines(problems);
        boolean any = lines.next();
        while (any && lines.isBlank()) {
            any = lines.next();
        }
        if (!any) {
            throw new MalformedMapsException("the file is empty", 1);
        }
        if (maps.isMapping(lines.bytes(), lines.length()) || beginsWithMapping(begin, maps)) {
            boolean isSmaps = readMaps(lines, maps, problems);
            checkMaximum(lines, problems);
            checkAnyLine(maps, problems);
            return new SavedMaps(
                    isSmaps ? Source.SMAPS : Source.MAPS,
                    maps.snapshot(),
                    maps,
                    problems,
                    -1,
                    null,
                    Map.of(),
                    Set.of());
        }
        String first = lines.text().substring(0, Math.min(lines.text().length(), 80));
        FatalErrorLog log = new FatalErrorLog(lines, maps, problems);
        if (!log.read()) {
            throw new MalformedMapsException(
                    "the file is no maps text, fatal error log or core file: line 1 is \"" + first + "\"", 1);
        }
        checkMaximum(lines, problems);
        MapSnapshot snapshot = maps.snapshot();
        Crash crash = log.crash(new LibraryOffsets(snapshot));
        return new SavedMaps(Source.FATAL_ERROR_LOG, snapshot, maps, problems, log.pid(), crash, Map.of(), Set.of());
    }

    /**
     * Returns whether one of the first lines is a mapping and none is of a fatal error log: then the first one is
     * damaged.
     */
    private static boolean beginsWithMapping(byte[] begin, MapsLines maps) throws IOException {
        LineReader first = new LineReader(new ByteArrayInputStream(begin));
        for (int i = 0; i < FIRST_LINES && first.next(); i++) {
            if (first.startsWith("#") || first.startsWith(FatalErrorLog.LIBRARIES)) {
                return false;
            }
            if (maps.isMapping(first.bytes(), first.length())) {
                return true;
            }
        }
        return false;
    }

    private static void checkMaximum(LineReader lines, Problems problems) {
        if (lines.isAtMaximum()) {
            problems.add(lines.number(), "is not read to its end: the file is longer than 2 GiB");
        }
    }

    /** Reads lines of mappings. Returns whether they are of smaps: then lines with details follow each. */
    private static boolean readMaps(LineReader lines, MapsLines maps, Problems problems) throws IOException {
        boolean isSmaps = false;
        do {
            if (maps.count() > 0 && MapsTextFault.isDetailOfSmaps(lines.bytes(), lines.length())) {
                isSmaps = true;
            } else if (!lines.isBlank()) {
                addLine(maps, lines, problems);
            }
        } while (lines.next());
        return isSmaps;
    }

    private static void checkAnyLine(MapsLines maps, Problems problems) throws MalformedMapsException {
        if (maps.count() == 0) {
            Problem first = problems.kept().get(0);
            throw new MalformedMapsException(
                    "no line of the file can be used: " + first, (int) Math.max(1, first.line()));
        }
    }

    /** Adds the present line of a reader. */
    static void addLine(MapsLines maps, LineReader lines, Problems problems) {
        if (lines.isTooLong()) {
            problems.add(lines.number(), "is longer than " + LineReader.MAX_LINE + " bytes");
        } else {
            maps.add(lines.bytes(), lines.length(), lines.number(), lines.isComplete());
        }
    }

    /**
     * Returns what the file is.
     *
     * @return the kind of the file
     */
    public Source source() {
        return source;
    }

    /**
     * Returns the mappings. Text of maps is classified as by {@link MapSnapshot#ofText}.
     *
     * @return the snapshot; it has no mapping if a fatal error log lacks them
     */
    public MapSnapshot snapshot() {
        return snapshot;
    }

    /**
     * Returns the process ID that the file records, in the PID namespace of its writer.
     *
     * @return empty if the file records none
     */
    public OptionalLong pid() {
        return pid > 0 ? OptionalLong.of(pid) : OptionalLong.empty();
    }

    /**
     * Returns what the file records of a crash.
     *
     * @return empty for text of maps and smaps
     */
    public Optional<Crash> crash() {
        return Optional.ofNullable(crash);
    }

    /**
     * Returns the parts of the file that could not be used, in the order of the file.
     *
     * @return an unmodifiable list of at most 1,000 problems
     */
    public List<Problem> problems() {
        return problems;
    }

    /**
     * Returns the number of problems, also of those that {@link #problems} leaves out.
     *
     * @return 0 or more
     */
    public long problemCount() {
        return problemCount;
    }

    /**
     * Returns whether two lines of the text contradict each other about an address. The snapshot has the mapping of the
     * first one.
     *
     * @param address any 64-bit value
     * @return whether the mapping of the address is uncertain
     */
    public boolean isContradicted(long address) {
        int low = 0; // the ranges are sorted and do not overlap
        for (int high = contradicted.length / 2; low < high; ) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(contradicted[2 * middle + 1], address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return 2 * low < contradicted.length && Long.compareUnsigned(contradicted[2 * low], address) <= 0;
    }

    /**
     * Returns the permissions of a mapping as in /proc/PID/maps, such as {@code r-xp}. A {@code ?} replaces what the
     * file does not record: a core file lacks whether a mapping is shared, and some lack all permissions of mappings
     * whose memory they leave out.
     *
     * @param mapping a mapping of {@link #snapshot}
     * @return four characters
     */
    public String permissions(Mapping mapping) {
        Objects.requireNonNull(mapping, "mapping");
        String permissions = mapping.permissions();
        return source != Source.CORE
                ? permissions
                : withoutPermissions.contains(mapping.start()) ? "????" : permissions.substring(0, 3) + '?';
    }

    /**
     * Compares a mapping's file with the file that is now at its path. Reads attributes and, if there is one, the build
     * ID.
     *
     * @param mapping a mapping of {@link #snapshot}
     * @return whether the file at the path is the file that was mapped
     */
    public FileCheck check(Mapping mapping) {
        Objects.requireNonNull(mapping, "mapping");
        return FileChecks.check(mapping, snapshot, buildIds, crash);
    }
}
