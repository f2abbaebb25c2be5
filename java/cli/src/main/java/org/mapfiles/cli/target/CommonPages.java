package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.SharedMappings.Range;
import org.mapfiles.resident.ResidentPages;

/**
 * Counts the pages of a file that several processes have in memory. A private mapping has pages of the file, which all
 * processes that map them share, and own copies of the pages that the process wrote to.
 */
public final class CommonPages {
    /**
     * Figures of one range, in bytes; -1: unknown.
     *
     * @param resident pages in memory: own copies, and pages of the file
     * @param copied own copies of pages, also those in swap
     * @param common pages of the file that are also in memory in another of the processes
     */
    public record Figures(long resident, long copied, long common) {
        static final Figures UNKNOWN = new Figures(-1, -1, -1);

        /** Returns the bytes in memory that none of the other processes has in memory; -1: unknown. */
        public long own() {
            return resident < 0 || common < 0 ? -1 : resident - common;
        }
    }

    /** Maximum distance from the first to the last mapped page of a file: 16 GiB of 4-KiB pages. */
    private static final long MAX_PAGES = 1L << 22;

    private final long pageSize = pageSize();
    private final MappingQuery now = new MappingQuery();
    private final ResidentPages pages = new ResidentPages();
    private final Map<ProcessMaps, MapSnapshot> snapshots = new IdentityHashMap<>();

    /**
     * Pages of one range.
     *
     * @param ofFile those of the file, numbered from the start of the range
     * @param resident bytes in memory
     * @param copied bytes of copies
     */
    private record Pages(BitSet ofFile, long resident, long copied) {}

    /** Pages of the file that a process has mapped, numbered from the first page of the group. */
    private static final class Mapped {
        final BitSet pages = new BitSet();
        boolean isKnown = true;
    }

    /** Returns the figures of each range of a group. */
    public List<Figures> of(List<Range> ranges) throws MapsException {
        List<Mapping> mappings = new ArrayList<>();
        ranges.forEach(range -> mappings.add(range.mapping()));
        OptionalLong lowest = pageSize == 0 ? OptionalLong.empty() : firstOffset(mappings, pageSize);
        if (lowest.isEmpty()) {
            return Collections.nCopies(ranges.size(), Figures.UNKNOWN);
        }
        long first = lowest.getAsLong();
        List<Pages> all = new ArrayList<>();
        Map<ProcessMaps, Mapped> byProcess = new IdentityHashMap<>();
        for (Range range : ranges) {
            Pages pages = read(range.process(), range.mapping());
            Mapped mapped = byProcess.computeIfAbsent(range.process(), process -> new Mapped());
            int from = (int) ((range.mapping().offset() - first) / pageSize);
            mapped.isKnown &= pages != null;
            for (int page = pages == null ? -1 : pages.ofFile.nextSetBit(0);
                    page >= 0;
                    page = pages.ofFile.nextSetBit(page + 1)) {
                mapped.pages.set(from + page);
            }
            all.add(pages);
        }
        List<Figures> figures = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            int from = (int) ((ranges.get(i).mapping().offset() - first) / pageSize);
            figures.add(figures(all.get(i), from, ranges.get(i).process(), byProcess));
        }
        return figures;
    }

    /**
     * The lowest offset of some mappings of a file, an unsigned value: a device's offsets may be above 2^63, and its
     * last byte at 2^64 - 1. Empty: there are more pages from there to the last mapped byte than {@link #MAX_PAGES}.
     */
    public static OptionalLong firstOffset(List<Mapping> mappings, long pageSize) {
        long first = -1;
        for (Mapping mapping : mappings) {
            first = Long.compareUnsigned(mapping.offset(), first) < 0 ? mapping.offset() : first;
        }
        long max = MAX_PAGES * pageSize;
        for (Mapping mapping : mappings) {
            long distance = mapping.offset() - first;
            if (Long.compareUnsigned(distance, max) > 0 || Long.compareUnsigned(mapping.size(), max - distance) > 0) {
                return OptionalLong.empty();
            }
        }
        return OptionalLong.of(first);
    }

    private Figures figures(Pages own, int from, ProcessMaps process, Map<ProcessMaps, Mapped> byProcess) {
        if (own == null) {
            return Figures.UNKNOWN;
        }
        long common = 0;
        for (int page = own.ofFile.nextSetBit(0); page >= 0; page = own.ofFile.nextSetBit(page + 1)) {
            boolean isCommon = false;
            for (Map.Entry<ProcessMaps, Mapped> other : byProcess.entrySet()) {
                isCommon |= other.getKey() != process && other.getValue().pages.get(from + page);
            }
            common += isCommon ? 1 : 0;
        }
        boolean isKnown = true;
        for (Map.Entry<ProcessMaps, Mapped> other : byProcess.entrySet()) {
            isKnown &= other.getKey() == process || other.getValue().isKnown;
        }
        return new Figures(own.resident, own.copied, isKnown ? common * pageSize : -1);
    }

    /**
     * Returns null if the pages are unknown: without the permission, in a sandbox without pagemap, or if the mapping
     * has changed.
     */
    private Pages read(ProcessMaps process, Mapping mapping) throws MapsException {
        BitSet ofFile = new BitSet();
        long copied = 0;
        long resident = 0;
        try {
            pages.read(process, snapshotOf(process), mapping.start(), mapping.end());
        } catch (NotSupportedException | PermissionDeniedException unknown) {
            return null;
        }
        for (int i = 0; i < pages.size(); i++) {
            resident += pages.isSwapped(i) || pages.isZero(i) ? 0 : pages.end(i) - pages.start(i);
            if (!pages.isFile(i)) {
                copied += pages.isZero(i) ? 0 : pages.end(i) - pages.start(i);
            } else if (!pages.isSwapped(i)) {
                ofFile.set((int) ((pages.start(i) - mapping.start()) / pageSize), (int)
                        ((pages.end(i) - mapping.start()) / pageSize));
            }
        }
        return isStillMapped(process, mapping) ? new Pages(ofFile, resident, copied) : null;
    }

    private MapSnapshot snapshotOf(ProcessMaps process) throws MapsException {
        MapSnapshot snapshot = snapshots.get(process);
        if (snapshot == null) {
            snapshot = process.snapshot();
            snapshots.put(process, snapshot);
        }
        return snapshot;
    }

    private boolean isStillMapped(ProcessMaps process, Mapping mapping) throws MapsException {
        return process.query(mapping.start(), now)
                && now.start() == mapping.start()
                && now.end() == mapping.end()
                && now.offset() == mapping.offset()
                && now.inode() == mapping.inode()
                && now.deviceMajor() == mapping.deviceMajor()
                && now.deviceMinor() == mapping.deviceMinor();
    }

    /** Returns AT_PAGESZ of getauxval(3); 0 if it is unknown. */
    private static long pageSize() {
        try {
            ByteBuffer vector = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
                    .order(ByteOrder.nativeOrder());
            while (vector.remaining() >= 2 * Long.BYTES) {
                long type = vector.getLong();
                long value = vector.getLong();
                if (type == 6) {
                    return value;
                }
            }
        } catch (IOException unknown) {
            return 0;
        }
        return 0;
    }
}
