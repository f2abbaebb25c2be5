package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Processes;
import org.mapfiles.cli.target.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Counts mappings: of one process by group, of several processes by process. */
@Command(
        name = "count",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Counts mappings, and compares with vm.max_map_count.",
            "Of one process: a row for each group. Of several: a row for each process.",
            "",
            "Example: mapfiles count 4711 --by dir --top 10",
            ""
        },
        footer = {
            "",
            "Of several processes: SHARE is the part of vm.max_map_count that a process has used. LARGEST is the number of"
                    + " mappings of its largest group, and the last column names that group.",
            "Rows are ordered by number of mappings, the largest first, unless --sort is given. They have no"
                    + " address.",
            "JSON: rows of type group and a row of type total; of several processes rows of type process_count."
        })
public final class CountCommand implements Callable<Integer> {
    /** Output warns from this share of the limit on: a process that reaches the limit cannot map memory. */
    static final double WARN_FROM = 0.8;

    @Mixin
    private final TargetOptions targets = new TargetOptions();

    @Option(names = "--by", paramLabel = "GROUP", description = "Group by ${COMPLETION-CANDIDATES}.")
    private MappingGroups.By by = MappingGroups.By.path;

    @Mixin
    private final MappingOptions selection = new MappingOptions();

    @Mixin
    private final MemoryOptions memory = new MemoryOptions();

    @Mixin
    private final OrderOptions order = new OrderOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public CountCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (order.key() == OrderOptions.Key.address) {
            throw new UsageException("groups have no address: use --sort size, rss or path");
        }
        if (!targets.isSeveral()) {
            int code = targets.forEach(terminal, this::countGroups);
            selection.reportUnknown(terminal);
            return code;
        }
        ProcessCountRows counts =
                new ProcessCountRows(by, memory.columns(order.needsRss()), selection.isAll(), terminal);
        int code = targets.forEach(terminal, maps -> count(maps, counts), true);
        counts.print(order, screen);
        selection.reportUnknown(terminal);
        return code;
    }

    private void count(ProcessMaps maps, ProcessCountRows counts) throws IOException {
        MappingGroups groups = read(maps);
        if (groups.total().mappings() > 0) {
            counts.add(new ProcessCount(maps.pid(), Processes.name(maps.pid()), groups));
        }
    }

    private MappingGroups read(ProcessMaps maps) throws IOException {
        MemoryColumns columns = memory.columns(order.needsRss());
        MappingGroups groups = new MappingGroups(by, columns);
        boolean hasNames = by != MappingGroups.By.kind && by != MappingGroups.By.perms || !selection.isAll();
        try (MapChunks chunks = maps.chunks(selection.filter())) {
            while (chunks.next()) {
                columns.read(maps, chunks.chunk());
                for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                    FileName name = hasNames ? FileName.of(maps, mapping) : FileName.NONE;
                    if (selection.matches(mapping, name)) {
                        groups.add(mapping, name);
                    }
                }
            }
            if (chunks.isInconsistent()) {
                terminal.report("mappings of process " + maps.pid() + " changed while they were counted: some may be"
                        + " missing, or counted in two states; count again");
            }
        }
        return groups;
    }

    private void countGroups(ProcessMaps maps) throws IOException {
        MappingGroups groups = read(maps);
        MemoryColumns columns = memory.columns(order.needsRss());
        List<MappingGroups.Group> shown = groups.sorted();
        if (order.key() != null) {
            TopRows<MappingGroups.Group> rows = order.rows(columns);
            shown.forEach(rows::add);
            shown = rows.sorted();
        } else if (order.top() != null && order.top() < shown.size()) {
            shown = shown.subList(0, order.top());
        }
        if (screen.isJson()) {
            printJson(maps.pid(), shown, groups, columns);
        } else {
            printTable(shown, groups, columns);
        }
    }

    private void printJson(int pid, List<MappingGroups.Group> shown, MappingGroups groups, MemoryColumns columns)
            throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (MappingGroups.Group group : shown) {
            group.json(lines.beginRow("group", pid).text("by", by.name()))
                    .number("mappings", group.mappings())
                    .unsigned("size", group.bytes());
            columns.json(lines, group.memory()).end();
        }
        long limit = ProcessMaps.maxMappings();
        MappingGroups.Group total = groups.total();
        lines.beginRow("total", pid)
                .number("mappings", total.mappings())
                .unsigned("size", total.bytes())
                .number("groups", groups.size())
                .numberOrNull("max_map_count", limit > 0 ? limit : -1);
        columns.json(lines, total.memory()).end();
    }

    private void printTable(List<MappingGroups.Group> shown, MappingGroups groups, MemoryColumns columns)
            throws IOException {
        Table table = screen.table(terminal);
        columns.head(table.right("MAPPINGS").right("SIZE"))
                .left("BY " + by.name().toUpperCase(Locale.ROOT))
                .endOfHead();
        for (MappingGroups.Group group : shown) {
            columns.cells(table.cell(Long.toString(group.mappings())).cell(Sizes.human(group.bytes())), group.memory())
                    .cell(group.display())
                    .endOfRow();
        }
        table.print();
        MappingGroups.Group total = groups.total();
        String end = total.mappings() + " mappings in " + groups.size()
                + (groups.size() == 1 ? " group" : " groups")
                + TopRows.shown(shown.size(), groups.size())
                + ", " + Sizes.human(total.bytes()) + columns.text(total.memory());
        long limit = ProcessMaps.maxMappings();
        if (limit > 0 && selection.isAll()) {
            double share = (double) total.mappings() / limit;
            end += String.format(Locale.ROOT, ", %.1f%% of vm.max_map_count (%d)", 100 * share, limit);
            if (share >= WARN_FROM) {
                end += (share < 1 ? ": near the limit" : ": the limit is reached")
                        + ", raise it with sysctl -w vm.max_map_count=" + 2 * limit;
            }
        }
        terminal.prose(end, screen.isWide());
    }
}
