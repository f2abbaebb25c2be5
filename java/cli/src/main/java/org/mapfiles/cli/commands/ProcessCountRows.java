package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;

/** Prints one row for each of several processes: those with the most mappings first, or as options order them. */
final class ProcessCountRows {
    private static final int NAME_WIDTH = 20;
    /** On a terminal of less than NARROW columns: all columns that are not optional fit in 60. */
    private static final int NARROW_NAME_WIDTH = 10;

    private static final int NARROW = 72;
    private static final int SIZE_RANK = 5;

    private final List<ProcessCount> all = new ArrayList<>();
    private final MappingGroups.By by;
    private final MemoryColumns columns;
    private final Terminal terminal;
    /** Maximum number of mappings of a process; -1: unknown, or not all mappings are counted. */
    private final long limit;

    /** @param hasAllMappings whether all mappings of a process are counted */
    ProcessCountRows(MappingGroups.By by, MemoryColumns columns, boolean hasAllMappings, Terminal terminal) {
        this.by = by;
        this.columns = columns;
        this.terminal = terminal;
        limit = hasAllMappings ? ProcessMaps.maxMappings() : -1;
    }

    void add(ProcessCount count) {
        all.add(count);
    }

    void print(OrderOptions order, ScreenOptions screen) throws IOException {
        TopRows<ProcessCount> rows =
                order.key() != null ? order.rows(columns) : new TopRows<>(mostFirst(), order.top());
        all.forEach(rows::add);
        if (screen.isJson()) {
            printJson(rows.sorted());
        } else {
            printTable(rows.sorted(), screen.table(terminal));
            printTotals(Math.min(all.size(), rows.sorted().size()), screen);
        }
    }

    private static Comparator<ProcessCount> mostFirst() {
        return Comparator.<ProcessCount>comparingLong(each -> each.total().mappings())
                .reversed()
                .thenComparingInt(ProcessCount::pid);
    }

    private void printJson(List<ProcessCount> shown) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        long maximum = ProcessMaps.maxMappings();
        for (ProcessCount each : shown) {
            lines.beginRow("process_count", each.pid())
                    .bytes("process_name", each.name())
                    .number("mappings", each.total().mappings())
                    .unsigned("size", each.total().bytes())
                    .numberOrNull("max_map_count", maximum > 0 ? maximum : -1)
                    .text("by", by.name());
            each.largest().json(lines).number("group_mappings", each.largest().mappings());
            columns.json(lines, each.total().memory()).end();
        }
    }

    private void printTable(List<ProcessCount> shown, Table table) throws IOException {
        if (limit > 0) {
            table.right("SHARE");
        }
        columns.head(table.right("MAPPINGS").right("SIZE").optional(SIZE_RANK))
                .right("PID")
                .left("PROCESS")
                .atMost(terminal.width() < NARROW ? NARROW_NAME_WIDTH : NAME_WIDTH)
                .right("LARGEST")
                .left("BY " + by.name().toUpperCase(Locale.ROOT))
                .endOfHead();
        for (ProcessCount each : shown) {
            if (limit > 0) {
                table.cell(String.format(
                        Locale.ROOT, "%.1f%%", 100.0 * each.total().mappings() / limit));
            }
            table.cell(Long.toString(each.total().mappings()))
                    .cell(Sizes.human(each.total().bytes()));
            columns.cells(table, each.total().memory())
                    .cell(Integer.toString(each.pid()))
                    .cell(Printable.text(each.name()))
                    .cell(Long.toString(each.largest().mappings()))
                    .cell(each.largest().display())
                    .endOfRow();
        }
        table.print();
    }

    private void printTotals(int shown, ScreenOptions screen) throws IOException {
        long mappings = 0;
        long near = 0;
        for (ProcessCount each : all) {
            mappings += each.total().mappings();
            near += limit > 0 && each.total().mappings() >= CountCommand.WARN_FROM * limit ? 1 : 0;
        }
        String end = all.size() + (all.size() == 1 ? " process" : " processes")
                + TopRows.shown(shown, all.size()) + ", " + mappings + " mappings"
                + (limit > 0 ? "; vm.max_map_count is " + limit : "")
                + (near > 0
                        ? ": " + near + " near or at the limit, raise it with sysctl -w vm.max_map_count=" + 2 * limit
                        : "");
        terminal.prose(end, screen.isWide());
    }
}
