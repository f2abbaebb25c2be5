package org.mapfiles.cli.commands;

import java.io.IOException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;

/** The columns and fields of {@link MemoryOptions}. Without these options the methods do nothing. */
final class MemoryColumns {
    /** The order in which these columns are left out on a narrow terminal. Columns of commands have ranks above. */
    private static final int SWAP = 4;

    private static final int DIRTY = 3;
    private static final int SHARED = 2;
    private static final int PRIVATE = 1;

    private final boolean hasRss;
    private final boolean hasPss;
    private final ResidentPages pages;
    private final ResidentBytes pageBytes = new ResidentBytes();
    private final SmapsBytes smapsBytes = new SmapsBytes();
    /** Null: without --pss, or not read yet. */
    private Smaps smaps;

    /** Bytes of the mappings of one row. */
    static final class Sums {
        private long rss;
        private long swap;
        private long pss;
        private long sharedClean;
        private long sharedDirty;
        private long privateClean;
        private long privateDirty;
        private boolean isSmapsKnown = true;

        long rss() {
            return rss;
        }

        void setSmapsUnknown() {
            isSmapsKnown = false;
        }

        void add(Sums other) {
            rss += other.rss;
            swap += other.swap;
            pss += other.pss;
            sharedClean += other.sharedClean;
            sharedDirty += other.sharedDirty;
            privateClean += other.privateClean;
            privateDirty += other.privateDirty;
            isSmapsKnown &= other.isSmapsKnown;
        }
    }

    MemoryColumns(boolean hasRss, boolean hasPss) {
        this.hasRss = hasRss;
        this.hasPss = hasPss;
        pages = hasRss ? ResidentPages.withoutCopies() : null;
    }

    boolean hasRss() {
        return hasRss;
    }

    boolean hasPss() {
        return hasPss;
    }

    /**
     * Reads the pages of the mappings of a snapshot, which may be one of several chunks. smaps is read with the first.
     */
    void read(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        if (hasRss && snapshot.size() > 0) {
            MapCursor cursor = snapshot.cursor();
            pages.read(
                    maps,
                    snapshot,
                    cursor.seek(0).start(),
                    cursor.seek(snapshot.size() - 1).end());
        }
        if (hasPss && smaps == null) {
            smaps = new Smaps();
            smaps.read(maps);
        }
    }

    /** Adds the bytes of a mapping. */
    void add(Mapping mapping, Sums to) {
        addPages(mapping.start(), mapping.end(), to);
        addSmaps(mapping, to);
    }

    void addPages(long start, long end, Sums to) {
        if (hasRss) {
            pageBytes.clear();
            pages.add(start, end, pageBytes);
            to.rss += pageBytes.rss();
            to.swap += pageBytes.swapped();
        }
    }

    void addSmaps(Mapping mapping, Sums to) {
        if (hasPss) {
            smapsBytes.clear();
            to.isSmapsKnown &= smaps.add(mapping, smapsBytes);
            to.pss += smapsBytes.pss();
            to.sharedClean += smapsBytes.sharedClean();
            to.sharedDirty += smapsBytes.sharedDirty();
            to.privateClean += smapsBytes.privateClean();
            to.privateDirty += smapsBytes.privateDirty();
        }
    }

    Sums of(Mapping mapping) {
        Sums sums = new Sums();
        add(mapping, sums);
        return sums;
    }

    /** Adds the heads of the columns. */
    Table head(Table table) {
        if (hasRss) {
            table.right("RSS").right("SWAP").optional(SWAP);
        }
        if (hasPss) {
            table.right("PSS")
                    .right("SHARED")
                    .optional(SHARED)
                    .right("PRIVATE")
                    .optional(PRIVATE)
                    .right("DIRTY")
                    .optional(DIRTY);
        }
        return table;
    }

    /** Adds the cells of a row. */
    Table cells(Table table, Sums sums) {
        if (hasRss) {
            table.cell(Sizes.human(sums.rss)).cell(Sizes.human(sums.swap));
        }
        if (hasPss) {
            table.cell(cell(sums, sums.pss))
                    .cell(cell(sums, sums.sharedClean + sums.sharedDirty))
                    .cell(cell(sums, sums.privateClean + sums.privateDirty))
                    .cell(cell(sums, sums.sharedDirty + sums.privateDirty));
        }
        return table;
    }

    private static String cell(Sums sums, long bytes) {
        return sums.isSmapsKnown ? Sizes.human(bytes) : "?";
    }

    /** Returns the sums as a part of a sentence. */
    String text(Sums sums) {
        return !hasRss
                ? ""
                : ", RSS " + Sizes.human(sums.rss)
                        + (sums.swap > 0 ? ", swap " + Sizes.human(sums.swap) : "")
                        + (hasPss && sums.isSmapsKnown ? ", PSS " + Sizes.human(sums.pss) : "");
    }

    /** Writes the fields of a row. */
    JsonLines json(JsonLines lines, Sums sums) throws IOException {
        if (hasRss) {
            lines.number("rss", sums.rss).number("swap", sums.swap);
        }
        if (hasPss) {
            lines.numberOrNull("pss", known(sums, sums.pss))
                    .numberOrNull("shared_clean", known(sums, sums.sharedClean))
                    .numberOrNull("shared_dirty", known(sums, sums.sharedDirty))
                    .numberOrNull("private_clean", known(sums, sums.privateClean))
                    .numberOrNull("private_dirty", known(sums, sums.privateDirty));
        }
        return lines;
    }

    private static long known(Sums sums, long bytes) {
        return sums.isSmapsKnown ? bytes : -1;
    }
}
