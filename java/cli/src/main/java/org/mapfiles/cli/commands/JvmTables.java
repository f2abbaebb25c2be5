package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.jvm.JvmRegions;

/** Prints the memory of a JVM: first the regions, then their parts, the largest first. */
final class JvmTables {
    /** Number of rows of a region; its other parts are one row. */
    private static final int LISTED = 5;

    private static final int COMMITTED_RANK = 5;
    /** The last that is left out. */
    private static final int RESERVED_RANK = 1;

    private final MemoryColumns columns;
    private final boolean byRss;
    private final ScreenOptions screen;
    private final Terminal terminal;
    /** The regions, the largest first. */
    private final List<Total> totals = new ArrayList<>();

    /** Parts that are printed as one row. */
    private static final class Total {
        private final JvmRegions.Kind region;
        private final String what;
        private final MemoryColumns.Sums memory = new MemoryColumns.Sums();
        private JvmPart first;
        private long parts;
        private long bytes;
        private long committed;

        Total(JvmRegions.Kind region, String what) {
            this.region = region;
            this.what = what;
        }

        void add(JvmPart part) {
            first = first == null ? part : first;
            parts++;
            bytes += part.size();
            committed += part.committed();
            memory.add(part.memory());
        }

        void add(Total other) {
            first = first == null ? other.first : first;
            parts += other.parts;
            bytes += other.bytes;
            committed += other.committed;
            memory.add(other.memory);
        }
    }

    /** @param byRss whether the largest are those with the largest RSS; else with the largest size */
    JvmTables(MemoryColumns columns, boolean byRss, ScreenOptions screen, Terminal terminal) {
        this.columns = columns;
        this.byRss = byRss;
        this.screen = screen;
        this.terminal = terminal;
    }

    private Comparator<Total> largestFirst() {
        return byRss
                ? Comparator.<Total>comparingLong(each -> each.memory.rss())
                        .thenComparingLong(each -> each.bytes)
                        .reversed()
                : Comparator.<Total>comparingLong(each -> each.bytes).reversed();
    }

    /** Prints the sums of each region, and of all. */
    void printRegions(List<JvmPart> parts, JvmMemory memory) throws IOException {
        Map<JvmRegions.Kind, Total> byRegion = new EnumMap<>(JvmRegions.Kind.class);
        Total all = new Total(null, "total");
        for (JvmPart part : parts) {
            byRegion.computeIfAbsent(part.region(), region -> new Total(region, region.name()))
                    .add(part);
            all.add(part);
        }
        totals.addAll(byRegion.values());
        totals.sort(largestFirst());
        Map<JvmRegions.Kind, MemoryColumns.Sums> sums = memory == null ? Map.of() : memory.byKind();
        MemoryColumns.Sums sum = new MemoryColumns.Sums();
        Table table = screen.table(terminal);
        table.right("PARTS");
        headOfSizes(table).left("REGION").endOfHead();
        for (Total total : totals) {
            MemoryColumns.Sums ofRegion = sums.getOrDefault(total.region, total.memory);
            sum.add(ofRegion);
            printSums(table, total, ofRegion);
        }
        printSums(table, all, sum);
        table.print();
    }

    private void printSums(Table table, Total total, MemoryColumns.Sums memory) throws IOException {
        sizes(table.cell(Long.toString(total.parts)), total.bytes, total.committed, memory)
                .cell(total.what)
                .endOfRow();
    }

    private Table headOfSizes(Table table) {
        if (columns.hasRss()) {
            table.right("RESERVED").optional(RESERVED_RANK).right("COMMITTED").optional(COMMITTED_RANK);
        } else {
            table.right("SIZE");
        }
        return columns.head(table);
    }

    private Table sizes(Table table, long bytes, long committed, MemoryColumns.Sums memory) {
        table.cell(Sizes.human(bytes));
        if (columns.hasRss()) {
            table.cell(Sizes.human(committed));
        }
        return columns.cells(table, memory);
    }

    /** Prints a row for each use of a region. If it has many, the small ones are one row. */
    void printGroups(List<JvmPart> parts) throws IOException {
        Table table = partTable();
        boolean isGrouped = false;
        for (Total region : totals) {
            Map<String, Total> byUse = new LinkedHashMap<>();
            for (JvmPart part : parts) {
                if (part.region() == region.region) {
                    byUse.computeIfAbsent(
                                    part.isInferred() + part.detail(), use -> new Total(part.region(), part.detail()))
                            .add(part);
                }
            }
            List<Total> uses = new ArrayList<>(byUse.values());
            uses.sort(largestFirst());
            int listed = uses.size() <= LISTED + 1 ? uses.size() : LISTED;
            for (Total use : uses.subList(0, listed)) {
                printRow(table, use, use.what);
            }
            if (listed < uses.size()) {
                Total others = new Total(region.region, "");
                uses.subList(listed, uses.size()).forEach(others::add);
                isGrouped = true;
                printRow(table, others, (uses.size() - listed) + " others");
            }
        }
        table.print();
        if (isGrouped) {
            terminal.out().write("--all-parts lists each part.\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Prints a row for each part, in the order of the list. */
    void printParts(List<JvmPart> parts) throws IOException {
        Table table = partTable();
        for (JvmPart part : parts) {
            Total one = new Total(part.region(), part.detail());
            one.add(part);
            printRow(table, one, part.detail());
        }
        table.print();
    }

    private Table partTable() {
        Table table = screen.table(terminal).right("RANGE").fixed(MapsCommand.RANGE_WIDTH);
        headOfSizes(table).left("REGION").left("WHAT").endOfHead();
        return table;
    }

    private void printRow(Table table, Total total, String what) throws IOException {
        boolean isOne = total.parts == 1;
        table.cell(isOne ? Hex.range(total.first.start(), total.first.end()) : total.parts + " parts");
        sizes(table, total.bytes, total.committed, total.memory)
                .cell(total.region + (total.first.isInferred() ? "?" : ""))
                .cell(Printable.text(what))
                .endOfRow();
    }
}
