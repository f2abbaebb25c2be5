package org.mapfiles.saved;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;

/**
 * Finds addresses that are given as a library and an offset, such as {@code libjvm.so+0xed2f94}, in a snapshot.
 *
 * <p>The offset is counted from the base of the library: its lowest address, where the beginning of the file is mapped.
 * So dladdr(3), hs_err files of HotSpot, async-profiler and backtrace(3) of glibc count. The base is the load bias of
 * libraries and of position-independent programs, so there the offset is also an ELF address. It is not an offset in
 * the file, for which there is {@link #findInFile}: perf script prints one in each frame of a file.
 *
 * <p>Reads the snapshot once, in the constructor. For one thread.
 */
public final class LibraryOffsets {
    private static final String DELETED_SUFFIX = " (deleted)";

    /** Whether an address was found. */
    public enum Outcome {
        /** The address was found. */
        FOUND(""),
        /** No mapped file has this name, or its beginning is not mapped. */
        NO_LIBRARY("no mapped file has this name"),
        /** Several mapped files have this name, or one is mapped there several times. */
        AMBIGUOUS("several mapped files have this name, or the file is loaded several times"),
        /** The address is after the end of the library. */
        BEYOND("the offset is beyond the end of the file's mappings");

        private final String reason;

        Outcome(String reason) {
            this.reason = reason;
        }

        /**
         * Returns why no address was found, as a sentence.
         *
         * @return empty for {@link #FOUND}
         */
        public String reason() {
            return reason;
        }
    }

    /** One load of a file: the mappings from one mapping of its beginning up to the next. */
    private static final class Load {
        final String path;
        final int file;
        final long base;
        long end;
        int permissions;
        /** Whether each mapping so far shows only the first page of the file. */
        boolean isFirstPage = true;

        Load(String path, int file, long base) {
            this.path = path;
            this.file = file;
            this.base = base;
        }

        void add(MapCursor mapping, long pageSize) {
            end = mapping.end();
            permissions = permissionsOf(mapping);
            isFirstPage &= mapping.offset() == 0 && mapping.size() == pageSize;
        }

        /**
         * Returns whether a mapping of the beginning of the file continues this load. The segments of a small library
         * share the first page of the file, so each maps it, with its own permissions. Otherwise the file is mapped
         * again: the kernel places a new mapping directly below earlier ones, if there is room.
         */
        boolean isContinuedBy(MapCursor mapping) {
            return isFirstPage && end == mapping.start() && permissions != permissionsOf(mapping);
        }

        private static int permissionsOf(Mapping mapping) {
            return (mapping.isReadable() ? 4 : 0) | (mapping.isWritable() ? 2 : 0) | (mapping.isExecutable() ? 1 : 0);
        }
    }

    private final Map<String, List<Load>> byLastName = new HashMap<>();
    /** Indices of executable mappings by name. */
    private final Map<String, List<Integer>> code = new HashMap<>();

    private final MapSnapshot snapshot;
    private final MapCursor cursor;
    private long address;
    private boolean isFound;

    /**
     * Reads the files of a snapshot.
     *
     * @param snapshot the snapshot; it must not be refreshed while this object is in use
     */
    public LibraryOffsets(MapSnapshot snapshot) {
        this.snapshot = Objects.requireNonNull(snapshot, "snapshot");
        cursor = snapshot.cursor();
        long pageSize = pageSize(snapshot);
        Load[] latest = new Load[snapshot.fileCount()];
        while (cursor.next()) {
            String codeName = cursor.isExecutable() ? cursor.name() : null;
            if (codeName != null) {
                code.computeIfAbsent(withoutSuffix(codeName), each -> new ArrayList<>(1))
                        .add(cursor.index());
            }
            int file = cursor.fileIndex();
            if (file < 0) {
                continue;
            }
            Load load = latest[file];
            boolean isContinued = load != null && load.isContinuedBy(cursor);
            if (cursor.offset() == 0 && !isContinued && cursor.name() != null) {
                String path = withoutSuffix(cursor.name());
                load = new Load(path, file, cursor.start());
                latest[file] = load;
                byLastName
                        .computeIfAbsent(path.substring(path.lastIndexOf('/') + 1), name -> new ArrayList<>(1))
                        .add(load);
            }
            if (load != null) {
                load.add(cursor, pageSize);
            }
        }
    }

    /**
     * Returns the largest power of two that all mappings are multiples of. A snapshot does not record the page size,
     * and a saved one may be of another machine.
     */
    private static long pageSize(MapSnapshot snapshot) {
        long addresses = 0;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            addresses |= mapping.start() | mapping.end();
        }
        return Long.lowestOneBit(addresses);
    }

    private static String withoutSuffix(String name) {
        return name.endsWith(DELETED_SUFFIX) ? name.substring(0, name.length() - DELETED_SUFFIX.length()) : name;
    }

    /**
     * Finds an address.
     *
     * @param library the path of the file, or the last parts of the path, such as {@code libjvm.so} or
     *     {@code server/libjvm.so}
     * @param offset from the base of the library, in bytes; unsigned
     * @return whether the address was found; then {@link #address()} returns it
     */
    public Outcome find(String library, long offset) {
        Objects.requireNonNull(library, "library");
        isFound = false;
        Load found = null;
        for (Load load : byLastName.getOrDefault(library.substring(library.lastIndexOf('/') + 1), List.of())) {
            if (load.path.equals(library) || load.path.endsWith("/" + library)) {
                if (found != null) {
                    return Outcome.AMBIGUOUS;
                }
                found = load;
            }
        }
        if (found == null) {
            return Outcome.NO_LIBRARY;
        }
        long at = found.base + offset;
        if (Long.compareUnsigned(at, found.base) < 0 || !isOf(found, at)) {
            return Outcome.BEYOND;
        }
        address = at;
        isFound = true;
        return Outcome.FOUND;
    }

    /**
     * Finds the address where an executable mapping shows a byte of a file, or of memory with a name such as
     * {@code [vdso]}.
     *
     * @param name the path of the file, or the name of the memory
     * @param offset in the file, or from the start of the memory, in bytes; unsigned
     * @return whether the address was found; then {@link #address()} returns it
     */
    public Outcome findInFile(String name, long offset) {
        Objects.requireNonNull(name, "name");
        List<Integer> mappings = code.getOrDefault(withoutSuffix(name), List.of());
        int found = 0;
        for (int index : mappings) {
            cursor.seek(index);
            long inMapping = offset - cursor.offset();
            if (Long.compareUnsigned(inMapping, cursor.end() - cursor.start()) < 0) {
                address = cursor.start() + inMapping;
                found++;
            }
        }
        isFound = found == 1;
        return isFound
                ? Outcome.FOUND
                : found > 1 ? Outcome.AMBIGUOUS : mappings.isEmpty() ? Outcome.NO_LIBRARY : Outcome.BEYOND;
    }

    /** Zero-initialised data is anonymous memory after the last mapping of the file. */
    private boolean isOf(Load load, long at) {
        int index = snapshot.find(at);
        return Long.compareUnsigned(at, load.end) < 0
                ? index < 0 || cursor.seek(index).fileIndex() == load.file || !cursor.isFileBacked()
                : index >= 0 && !cursor.seek(index).isFileBacked() && cursor.start() == load.end;
    }

    /**
     * Returns the address that was found.
     *
     * @return any 64-bit value
     * @throws IllegalStateException if the last {@link #find} or {@link #findInFile} did not return
     *     {@link Outcome#FOUND}, or there was none
     */
    public long address() {
        if (!isFound) {
            throw new IllegalStateException("no address was found: call this only after FOUND");
        }
        return address;
    }
}
