package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.Deletion;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Mappings by group. */
@Command(name = "count", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Counts mappings and their bytes by group, and against the limit of the kernel, vm.max_map_count.",
        footer = {"", "JSON: {\"by\":...,\"group\":...,\"mappings\":...,\"bytes\":...} for each group, with group_base64 where that is not"
            + " UTF-8; then",
            "{\"total\":true,\"mappings\":...,\"bytes\":...,\"groups\":...,\"max_map_count\":...}.",
            "", "Example: mapfiles count 4711 --by dir --top 10"})
public final class CountCommand implements Callable<Integer> {
    /** What groups are made by. */
    enum By { path, dir, ext, kind, perms, deleted }

    /** From this share of the limit on the table warns: a process that reaches it fails to map, often obscurely. */
    private static final double WARN_FROM = 0.8;

    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--by", defaultValue = "path", description = "${COMPLETION-CANDIDATES}; default: path.")
    private By by;

    @Option(names = "--top", paramLabel = "N", description = "Only the N groups with the most mappings.")
    private Integer top;

    @Option(names = "--json", description = "JSON Lines, one group each, then the total.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    public CountCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    private static final class Group {
        final String name; // one char for each byte: names that differ in bytes that are not UTF-8 are different groups
        long mappings;
        long bytes;

        Group(String name) {
            this.name = name;
        }

        long mappings() {
            return mappings;
        }

        String name() {
            return name;
        }
    }

    @Override
    public Integer call() throws IOException {
        if (top != null && top < 1) {
            throw new ParameterException(spec.commandLine(), "--top " + top + " is below 1");
        }
        Map<String, Group> groups = new HashMap<>();
        Group total = new Group("total");
        try (ProcessMaps maps = target.open(); MapChunks parts = maps.chunks(MapFilter.all())) {
            while (parts.next()) {
                for (MapCursor mapping = parts.chunk().cursor(); mapping.next(); ) {
                    Group group = groups.computeIfAbsent(groupOf(maps, mapping), Group::new);
                    group.mappings++;
                    group.bytes += mapping.size();
                    total.mappings++;
                    total.bytes += mapping.size();
                }
            }
            if (parts.isInconsistent()) {
                terminal.complain("mappings changed while they were counted: some may be missing, or counted in two states");
            }
        }
        List<Group> sorted = new ArrayList<>(groups.values());
        sorted.sort(Comparator.comparingLong(Group::mappings).reversed().thenComparing(Group::name));
        List<Group> shown = top == null || top >= sorted.size() ? sorted : sorted.subList(0, top);
        if (json) {
            printJson(shown, total, sorted.size());
        } else {
            printTable(shown, total, sorted.size());
        }
        return ExitCode.OK;
    }

    private String groupOf(ProcessMaps maps, MapCursor mapping) throws IOException {
        switch (by) {
            case kind:
                return mapping.kind().name().toLowerCase(Locale.ROOT);
            case perms:
                return mapping.permissions();
            default:
                break;
        }
        FileName name = FileName.of(maps, mapping);
        if (by == By.deleted) {
            return name.deletion() == Deletion.UNKNOWN ? "not known" : name.deletion() == Deletion.DELETED ? "yes" : "no";
        }
        if (name.raw().length == 0) {
            return "[anonymous]";
        }
        String path = new String(name.raw(), StandardCharsets.ISO_8859_1);
        if (!path.startsWith("/") || by == By.path) {
            return path;
        }
        int slash = path.lastIndexOf('/');
        if (by == By.dir) {
            return slash == 0 ? "/" : path.substring(0, slash);
        }
        return extension(path.substring(slash + 1));
    }

    /** From the last dot on that is not followed by a version: {@code .so} of libc.so.6. */
    private static String extension(String file) {
        int end = file.length();
        for (int dot = file.lastIndexOf('.'); dot > 0; dot = file.lastIndexOf('.', dot - 1)) {
            if (!file.substring(dot + 1, end).chars().allMatch(Character::isDigit)) {
                return file.substring(dot, end);
            }
            end = dot;
        }
        return "(no extension)";
    }

    private void printJson(List<Group> shown, Group total, int groups) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (Group group : shown) {
            lines.begin().text("by", by.name()).bytes("group", group.name.getBytes(StandardCharsets.ISO_8859_1))
                    .number("mappings", group.mappings).unsigned("bytes", group.bytes).end();
        }
        lines.begin().bool("total", true).number("mappings", total.mappings).unsigned("bytes", total.bytes)
                .number("groups", groups);
        long limit = ProcessMaps.maxMappings();
        if (limit > 0) {
            lines.number("max_map_count", limit);
        } else {
            lines.nothing("max_map_count");
        }
        lines.end();
    }

    private void printTable(List<Group> shown, Group total, int groups) throws IOException {
        Table table = new Table(terminal);
        table.right("MAPPINGS").right("SIZE").left("BY " + by.name().toUpperCase(Locale.ROOT)).endOfHead();
        for (Group group : shown) {
            table.cell(Long.toString(group.mappings)).cell(Sizes.human(group.bytes))
                    .cell(Printable.text(group.name.getBytes(StandardCharsets.ISO_8859_1))).endOfRow();
        }
        table.print();
        StringBuilder end = new StringBuilder(total.mappings + " mappings in " + groups + (groups == 1 ? " group" : " groups"));
        if (shown.size() < groups) {
            end.append(" (").append(shown.size()).append(" shown)");
        }
        end.append(", ").append(Sizes.human(total.bytes));
        long limit = ProcessMaps.maxMappings();
        if (limit > 0) {
            double share = (double) total.mappings / limit;
            end.append(String.format(Locale.ROOT, ", %.1f%% of vm.max_map_count (%d)", 100 * share, limit));
            if (share >= WARN_FROM) {
                end.append(share < 1 ? ": near the limit" : ": the limit is reached").append(", raise it with sysctl -w vm.max_map_count=")
                        .append(2 * limit);
            }
        }
        terminal.out().write(end.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }
}
