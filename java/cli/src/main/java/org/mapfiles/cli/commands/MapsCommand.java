package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Every mapping of a process. */
@Command(name = "maps", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Lists the mappings of a process, in order of address.",
        footer = {"", "JSON: pid; start, end and offset as \"0x...\"; perms; dev_major, dev_minor, inode; kind: anonymous, file, memfd,"
                + " stack, ...; path, null without a name; path_base64 where that is not UTF-8; deleted, null where it is not known.",
            "", "Up to 4,096 mappings are read until they are consistent. More are printed as they are read, in memory that does not"
                + " grow with their number: if the process changes them meanwhile, a mapping may be missing, or printed in two states. Ranges that"
                + " overlap are reported at the end, with --json on standard error.",
            "", "Example: mapfiles maps 4711 --exec"})
public final class MapsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--exec", description = "Only executable mappings.")
    private boolean executable;

    @Option(names = "--files", description = "Only mappings of files, deleted ones and memfds included.")
    private boolean files;

    @Option(names = "--json", description = "JSON Lines, one mapping each.")
    private boolean json;

    /** Of [vsyscall], which is last. */
    private static final int WIDEST_RANGE = 33;

    private final Terminal terminal;

    public MapsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        MapFilter filter = MapFilter.all();
        filter = executable ? filter.executable() : filter;
        filter = files ? filter.fileBacked() : filter;
        try (ProcessMaps maps = target.open(); MapChunks parts = maps.chunks(filter)) {
            if (json) {
                printJson(maps, parts);
            } else {
                printTable(maps, parts);
            }
        }
        return ExitCode.OK;
    }

    private void printJson(ProcessMaps maps, MapChunks parts) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        while (parts.next()) {
            for (MapCursor mapping = parts.chunk().cursor(); mapping.next(); ) {
                lines.begin().number("pid", maps.pid()).mapping(mapping, FileName.of(maps, mapping)).end();
            }
        }
        if (parts.isInconsistent()) {
            terminal.complain("mappings changed while they were listed: some may be missing, or listed in two states");
        }
    }

    private void printTable(ProcessMaps maps, MapChunks parts) throws IOException {
        Table table = new Table(terminal);
        table.right("RANGE", WIDEST_RANGE).right("SIZE").left("PERMS").right("OFFSET").left("DEV:INODE").left("NAME").endOfHead();
        long mappings = 0;
        long bytes = 0;
        while (parts.next()) {
            for (MapCursor mapping = parts.chunk().cursor(); mapping.next(); ) {
                mappings++;
                bytes += mapping.size();
                addRow(table, mapping, FileName.of(maps, mapping));
            }
            table.print();
        }
        table.print(); // the head, where there is nothing else
        long limit = ProcessMaps.maxMappings();
        // Not "of at most": the kernel lets a process have one more, [vsyscall] is not counted, and the limit may have been lowered.
        terminal.out().write((mappings + " mappings, " + Sizes.human(bytes)
                + (parts.isInconsistent() ? ", taken while they changed" : "")
                + (limit > 0 && !executable && !files ? "; vm.max_map_count is " + limit : "") + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void addRow(Table table, MapCursor mapping, FileName name) throws IOException {
        table.cell(Hex.range(mapping))
                .cell(Sizes.human(mapping.size())).cell(mapping.permissions())
                .cell(mapping.isFileBacked() ? Long.toHexString(mapping.offset()) : "")
                .cell(mapping.isFileBacked() ? Integer.toUnsignedString(mapping.deviceMajor()) + ":"
                        + Integer.toUnsignedString(mapping.deviceMinor()) + ":" + Long.toUnsignedString(mapping.inode()) : "")
                .cell(name.display(), mapping.isExecutable() ? Table.Colour.CODE : mapping.isFileBacked() ? Table.Colour.PLAIN
                        : Table.Colour.FAINT).endOfRow();
    }
}
