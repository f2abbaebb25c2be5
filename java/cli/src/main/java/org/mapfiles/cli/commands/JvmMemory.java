package org.mapfiles.cli.commands;

import java.util.EnumMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;

/**
 * Memory of the parts of a JVM: what is committed, and the columns of {@link MemoryOptions}. The mappings are read
 * after the parts. smaps has numbers of whole mappings, so those of a part of a mapping are unknown.
 */
final class JvmMemory {
    private final JvmRegions regions;
    private final MemoryColumns columns;
    private final MapSnapshot snapshot;
    private final MapCursor cursor;

    JvmMemory(ProcessMaps maps, JvmRegions regions, MemoryColumns columns) throws MapsException {
        this.regions = regions;
        this.columns = columns;
        snapshot = maps.snapshot();
        cursor = snapshot.cursor();
        columns.read(maps, snapshot);
    }

    /**
     * Returns the bytes of a part in mappings that permit any access. The JVM has reserved the rest and not committed
     * it.
     */
    long committed(int part) {
        long bytes = 0;
        long end = regions.end(part);
        // a part is in one mapping, unless the mappings have changed
        int mapping = snapshot.find(regions.start(part));
        for (; mapping >= 0 && mapping < snapshot.size(); mapping++) {
            long from = highest(cursor.seek(mapping).start(), regions.start(part));
            if (Long.compareUnsigned(from, end) >= 0) {
                break;
            }
            long to = Long.compareUnsigned(cursor.end(), end) < 0 ? cursor.end() : end;
            bytes += cursor.permissions().startsWith("---") ? 0 : to - from;
        }
        return bytes;
    }

    private static long highest(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    MemoryColumns.Sums of(int part) {
        MemoryColumns.Sums sums = new MemoryColumns.Sums();
        columns.addPages(regions.start(part), regions.end(part), sums);
        if (cursor.goTo(regions.start(part))
                && cursor.start() == regions.start(part)
                && cursor.end() == regions.end(part)) {
            columns.addSmaps(cursor, sums);
        } else {
            sums.setSmapsUnknown();
        }
        return sums;
    }

    /**
     * Returns the sums of all parts with the same use. A mapping whose parts have one use counts for that use as a
     * whole.
     */
    Map<JvmRegions.Kind, MemoryColumns.Sums> byKind() {
        Map<JvmRegions.Kind, MemoryColumns.Sums> byKind = new EnumMap<>(JvmRegions.Kind.class);
        for (int part = 0; part < regions.size(); part++) {
            columns.addPages(regions.start(part), regions.end(part), sumsOf(byKind, regions.region(part)));
        }
        int part = 0;
        for (cursor.reset(); cursor.next(); ) {
            while (part < regions.size() && Long.compareUnsigned(regions.end(part), cursor.start()) <= 0) {
                part++;
            }
            part = addSmaps(part, byKind);
        }
        return byKind;
    }

    /** Adds the numbers of the current mapping, whose parts begin at an index. Returns the index after them. */
    private int addSmaps(int first, Map<JvmRegions.Kind, MemoryColumns.Sums> byKind) {
        int after = first;
        boolean isOne = true;
        while (after < regions.size() && Long.compareUnsigned(regions.start(after), cursor.end()) < 0) {
            isOne &= regions.region(after) == regions.region(first);
            after++;
        }
        if (after > first && isOne) {
            columns.addSmaps(cursor, sumsOf(byKind, regions.region(first)));
        } else {
            for (int part = first; part < after; part++) {
                sumsOf(byKind, regions.region(part)).setSmapsUnknown();
            }
        }
        return after;
    }

    private static MemoryColumns.Sums sumsOf(Map<JvmRegions.Kind, MemoryColumns.Sums> byKind, JvmRegions.Kind kind) {
        return byKind.computeIfAbsent(kind, each -> new MemoryColumns.Sums());
    }
}
