package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.PositiveNumber;
import org.mapfiles.cli.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Counts mappings by group. */
@Command(
        name = "count",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Counts mappings and their bytes by group, and compares their number with the kernel's limit,"
                + " vm.max_map_count.",
        footer = {
            "",
            "JSON: one row of type group for each group, then one row of type total. Fields of a group: version,"
                    + " type, pid, by, group, group_base64 if group is not UTF-8, deleted if --by is path, mappings, size in bytes."
                    + " Fields of the total: version, type, pid, mappings, size, groups, max_map_count, null if unknown. With --rss"
                    + " both have rss and swap in bytes; with --pss also pss, shared_clean, shared_dirty, private_clean,"
                    + " private_dirty.",
            "",
            "Example: mapfiles count 4711 --by dir --top 10"
        })
public final class CountCommand implements Callable<Integer> {
    /** The table warns from this share of the limit on: a process that reaches the limit cannot map memory. */
    private static final double WARN_FROM = 0.8;

    @Parameters(
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that runs this command.")
    private Target target;

    @Option(
            names = "--by",
            paramLabel = "GROUP",
            defaultValue = "path",
            description = "What makes a group: ${COMPLETION-CANDIDATES}; default: path.")
    private MappingGroups.By by;

    @Option(
            names = "--top",
            paramLabel = "N",
            converter = PositiveNumber.Converter.class,
            description = "The N groups with the most mappings only.")
    private Integer top;

    @Mixin
    private MemoryOptions memory;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    private final Terminal terminal;

    public CountCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        MemoryColumns columns = memory.columns();
        MappingGroups groups = new MappingGroups(by, columns);
        int pid;
        try (ProcessMaps maps = target.open();
                MapChunks chunks = maps.chunks(MapFilter.all())) {
            pid = maps.pid();
            while (chunks.next()) {
                columns.read(maps, chunks.chunk());
                for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                    groups.add(maps, mapping);
                }
            }
            if (chunks.isInconsistent()) {
                terminal.report("mappings changed while they were counted: some may be missing, or counted in two"
                        + " states; count again");
            }
        }
        List<MappingGroups.Group> sorted = groups.sorted();
        List<MappingGroups.Group> shown = top == null || top >= sorted.size() ? sorted : sorted.subList(0, top);
        if (json) {
            printJson(pid, shown, groups.total(), sorted.size(), columns);
        } else {
            printTable(shown, groups.total(), sorted.size(), columns);
        }
        return ExitCode.OK;
    }

    private void printJson(
            int pid, List<MappingGroups.Group> shown, MappingGroups.Group total, int groups, MemoryColumns columns)
            throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (MappingGroups.Group group : shown) {
            lines.beginRow("group", pid).text("by", by.name()).bytes("group", group.name());
            if (group.deletion() != null) {
                lines.deleted(group.deletion());
            }
            lines.number("mappings", group.mappings()).unsigned("size", group.bytes());
            columns.json(lines, group.memory()).end();
        }
        long limit = ProcessMaps.maxMappings();
        lines.beginRow("total", pid)
                .number("mappings", total.mappings())
                .unsigned("size", total.bytes())
                .number("groups", groups)
                .numberOrNull("max_map_count", limit > 0 ? limit : -1);
        columns.json(lines, total.memory()).end();
    }

    private void printTable(
            List<MappingGroups.Group> shown, MappingGroups.Group total, int groups, MemoryColumns columns)
            throws IOException {
        Table table = new Table(terminal);
        columns.head(table.right("MAPPINGS").right("SIZE"))
                .left("BY " + by.name().toUpperCase(Locale.ROOT))
                .endOfHead();
        for (MappingGroups.Group group : shown) {
            columns.cells(table.cell(Long.toString(group.mappings())).cell(Sizes.human(group.bytes())), group.memory())
                    .cell(group.display())
                    .endOfRow();
        }
        table.print();
        StringBuilder end =
                new StringBuilder(total.mappings() + " mappings in " + groups + (groups == 1 ? " group" : " groups"));
        if (shown.size() < groups) {
            end.append(" (").append(shown.size()).append(" shown)");
        }
        end.append(", ").append(Sizes.human(total.bytes())).append(columns.text(total.memory()));
        long limit = ProcessMaps.maxMappings();
        if (limit > 0) {
            double share = (double) total.mappings() / limit;
            end.append(String.format(Locale.ROOT, ", %.1f%% of vm.max_map_count (%d)", 100 * share, limit));
            if (share >= WARN_FROM) {
                end.append(share < 1 ? ": near the limit" : ": the limit is reached")
                        .append(", raise it with" + " sysctl -w vm.max_map_count=")
                        .append(2 * limit);
            }
        }
        terminal.out().write(end.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }
}
