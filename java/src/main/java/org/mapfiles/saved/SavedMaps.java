package org.mapfiles.saved;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
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

/**
 * The mappings that a file records: text of /proc/PID/maps or smaps, an hs_err file of HotSpot (JDK 8 to 28), or a core
 * file.
 *
 * <p>A part of the file that cannot be used is left out, and is a {@link #problems() problem}.
 * {@link MapSnapshot#ofText} is strict: it rejects a whole text if one line is wrong.
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
        /** An hs_err file of HotSpot, hs_err_pidPID.log. */
        HS_ERR,
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

    private final Source source;
    private final MapSnapshot snapshot;
    private final long pid;
    private final @Nullable Crash crash;
    private final List<Problem> problems;
    private final long problemCount;
    private final boolean mayLackMappings;
    private final long[] contradicted;
    private final Map<Long, byte[]> buildIds;
    private final byte @Nullable [] vdso;
    /** Starts of mappings whose permissions are unknown. */
    private final Set<Long> withoutPermissions;

    SavedMaps(
            Source source,
            MapSnapshot snapshot,
            MapsLines lines,
            Problems problems,
            long pid,
            @Nullable Crash crash,
            Map<Long, byte[]> buildIds,
            byte @Nullable [] vdso,
            Set<Long> withoutPermissions) {
        this.source = source;
        this.snapshot = snapshot;
        this.pid = pid;
        this.crash = crash;
        this.problems = problems.kept();
        this.problemCount = problems.count();
        this.mayLackMappings = problems.mayLackMappings();
        this.contradicted = lines.contradicted();
        this.buildIds = buildIds;
        this.vdso = vdso;
        this.withoutPermissions = withoutPermissions;
    }

    /**
     * Reads a file. Its content decides what it is.
     *
     * @param file a file or a pipe; a core file must be a regular file
     * @return what the file records
     * @throws MalformedMapsException if the file is none of these, or no line of it can be used
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IOException if the file cannot be read
     */
    public static SavedMaps read(Path file) throws IOException {
        Objects.requireNonNull(file, "file");
        if (Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "is a directory");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            try (InputStream in = new FileInputStream(file.toFile())) { // on JDK 17 other streams seek in a pipe
                return read(in);
            }
        }
        try (BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file), PEEK)) {
            in.mark(PEEK);
            byte[] begin = in.readNBytes(PEEK);
            if (CoreFile.isElf(begin)) {
                return readCore(file);
            }
            in.reset();
            return SavedText.read(in, begin);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the mappings of a file", e);
        }
    }

    /**
     * Reads a stream of text. Does not close it.
     *
     * @param in text of maps or smaps, or an hs_err file; a core file cannot be read from a stream
     * @return what the text records
     * @throws MalformedMapsException if the text is none of these, or no line of it can be used
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IOException if the stream cannot be read
     */
    public static SavedMaps read(InputStream in) throws IOException {
        Objects.requireNonNull(in, "in");
        try {
            byte[] begin = readBegin(in);
            if (CoreFile.isElf(begin)) {
                throw new MalformedMapsException("a core file cannot be read from a stream: give the file", 1);
            }
            return SavedText.read(new SequenceInputStream(new ByteArrayInputStream(begin), in), begin);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the mappings of a text", e);
        }
    }

    /**
     * Reads up to {@link #PEEK} bytes. A {@code FileInputStream} of a file in /proc can only be read:
     * {@code available()} and {@code readNBytes(int)} seek, which fails there. {@code BufferedInputStream} calls the
     * first one.
     */
    private static byte[] readBegin(InputStream in) throws IOException {
        byte[] begin = new byte[PEEK];
        int length = 0;
        for (int count = 0; count >= 0 && length < PEEK; length += Math.max(count, 0)) {
            count = in.read(begin, length, PEEK - length);
        }
        return Arrays.copyOf(begin, length);
    }

    /**
     * Reads text of maps, with build IDs of its files that something else has recorded.
     *
     * @param in text of maps or smaps
     * @param pid of the process; below 1: unknown
     * @param buildIds GNU build ID of the file of a mapping, by the start of the mapping; copied
     * @param mayLackMappings whether a mapping of the process may be missing in the text
     * @return what the text records
     * @throws MalformedMapsException if no line of the text can be used
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IOException if the stream cannot be read
     */
    public static SavedMaps withBuildIds(InputStream in, long pid, Map<Long, byte[]> buildIds, boolean mayLackMappings)
            throws IOException {
        Map<Long, byte[]> copy = new HashMap<>();
        buildIds.forEach((start, id) -> copy.put(start, id.clone()));
        return new SavedMaps(read(in), pid, copy, mayLackMappings);
    }

    private SavedMaps(SavedMaps text, long pid, Map<Long, byte[]> buildIds, boolean mayLackMappings) {
        this.source = text.source;
        this.snapshot = text.snapshot;
        this.pid = pid;
        this.crash = text.crash;
        this.problems = text.problems;
        this.problemCount = text.problemCount;
        this.mayLackMappings = mayLackMappings || text.mayLackMappings;
        this.contradicted = text.contradicted;
        this.buildIds = buildIds;
        this.vdso = text.vdso;
        this.withoutPermissions = text.withoutPermissions;
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
                    core.vdso(),
                    core.withoutPermissions());
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
     * Returns the mappings, always the same object: do not read a process into it. Text of maps is classified as by
     * {@link MapSnapshot#ofText}.
     *
     * @return the snapshot; it has no mapping if an hs_err file lacks them
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
     * Returns the number of problems, also of those that {@link #problems()} leaves out.
     *
     * @return 0 or more
     */
    public long problemCount() {
        return problemCount;
    }

    /**
     * Returns whether a mapping may be missing: a line could not be used, or the file is known to be cut. Then it is
     * unknown which mapping an address outside of {@link #snapshot()} was in.
     *
     * @return false also for text that was cut between two lines
     */
    public boolean mayLackMappings() {
        return mayLackMappings;
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
     * @param mapping a mapping of {@link #snapshot()}
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
     * @param mapping a mapping of {@link #snapshot()}
     * @return whether the file at the path is the file that was mapped
     */
    public FileCheck check(Mapping mapping) {
        Objects.requireNonNull(mapping, "mapping");
        return FileChecks.check(mapping, snapshot, buildIds, crash);
    }

    /**
     * Returns the GNU build ID of a mapping's file that was recorded. Reads no file.
     *
     * @param mapping a mapping of {@link #snapshot()}
     * @return empty if none was recorded
     */
    public Optional<byte[]> recordedBuildId(Mapping mapping) {
        byte[] id = FileChecks.recordedBuildId(Objects.requireNonNull(mapping, "mapping"), snapshot, buildIds);
        return id.length == 0 ? Optional.empty() : Optional.of(id.clone());
    }

    /**
     * Returns the content of the vdso, an ELF file that the kernel maps.
     *
     * @return empty unless a core file has it whole
     */
    public Optional<byte[]> vdso() {
        return vdso == null ? Optional.empty() : Optional.of(vdso.clone());
    }
}
