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
    private final boolean hasRss;
    private final boolean hasPss;
    private final ResidentPages pages;
    /** Null: without --pss, or not read yet. */
    private Smaps smaps;

    /** Bytes of the mappings of one row. */
    static final class Sums {
        private final ResidentBytes pages = new ResidentBytes();
        private final SmapsBytes smaps = new SmapsBytes();
        private boolean isSmapsKnown = true;

        long rss() {
            return pages.rss();
        }

        void setSmapsUnknown() {
            isSmapsKnown = false;
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
            pages.add(start, end, to.pages);
        }
    }

    void addSmaps(Mapping mapping, Sums to) {
        if (hasPss) {
            to.isSmapsKnown &= smaps.add(mapping, to.smaps);
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
            table.right("RSS").right("SWAP");
        }
        if (hasPss) {
            table.right("PSS").right("SHARED").right("PRIVATE").right("DIRTY");
        }
        return table;
    }

    /** Adds the cells of a row. */
    Table cells(Table table, Sums sums) {
        if (hasRss) {
            table.cell(Sizes.human(sums.pages.rss())).cell(Sizes.human(sums.pages.swapped()));
        }
        if (hasPss) {
            table.cell(cell(sums, sums.smaps.pss()))
                    .cell(cell(sums, sums.smaps.sharedClean() + sums.smaps.sharedDirty()))
                    .cell(cell(sums, sums.smaps.privateClean() + sums.smaps.privateDirty()))
                    .cell(cell(sums, sums.smaps.sharedDirty() + sums.smaps.privateDirty()));
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
                : ", RSS " + Sizes.human(sums.pages.rss())
                        + (sums.pages.swapped() > 0 ? ", swap " + Sizes.human(sums.pages.swapped()) : "")
                        + (hasPss && sums.isSmapsKnown ? ", PSS " + Sizes.human(sums.smaps.pss()) : "");
    }

    /** Writes the fields of a row. */
    JsonLines json(JsonLines lines, Sums sums) throws IOException {
        if (hasRss) {
            lines.number("rss", sums.pages.rss()).number("swap", sums.pages.swapped());
        }
        if (hasPss) {
            lines.numberOrNull("pss", known(sums, sums.smaps.pss()))
                    .numberOrNull("shared_clean", known(sums, sums.smaps.sharedClean()))
                    .numberOrNull("shared_dirty", known(sums, sums.smaps.sharedDirty()))
                    .numberOrNull("private_clean", known(sums, sums.smaps.privateClean()))
                    .numberOrNull("private_dirty", known(sums, sums.smaps.privateDirty()));
        }
        return lines;
    }

    private static long known(Sums sums, long bytes) {
        return sums.isSmapsKnown ? bytes : -1;
    }
}
