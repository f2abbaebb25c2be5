package org.mapfiles.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Every mapping of a process. */
@Command(name = "maps", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Lists the mappings of a process, in order of address.",
        footer = {"", "JSON: pid; start, end and offset as \"0x...\"; perms; dev_major, dev_minor, inode; kind: anonymous, file, memfd,"
                + " stack, ...; path, null without a name; path_base64 where that is not UTF-8; deleted, null where it is not known.",
            "", "Example: mapfiles maps 4711 --exec"})
final class MapsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--exec", description = "Only executable mappings.")
    private boolean executable;

    @Option(names = "--files", description = "Only mappings of files, deleted ones and memfds included.")
    private boolean files;

    @Option(names = "--json", description = "JSON Lines, one mapping each.")
    private boolean json;

    private final Terminal terminal;

    MapsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        MapFilter filter = MapFilter.all();
        filter = executable ? filter.executable() : filter;
        filter = files ? filter.fileBacked() : filter;
        try (ProcessMaps maps = target.open()) {
            MapSnapshot snapshot = maps.snapshot(filter);
            if (json) {
                printJson(maps, snapshot);
            } else {
                printTable(maps, snapshot);
            }
        }
        return Main.OK;
    }

    private void printJson(ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            FileName name = FileName.of(maps, mapping);
            lines.begin().number("pid", maps.pid()).hex("start", mapping.start()).hex("end", mapping.end())
                    .text("perms", mapping.permissions()).hex("offset", mapping.offset())
                    .number("dev_major", Integer.toUnsignedLong(mapping.deviceMajor()))
                    .number("dev_minor", Integer.toUnsignedLong(mapping.deviceMinor())).unsigned("inode", mapping.inode())
                    .text("kind", mapping.kind().name().toLowerCase(Locale.ROOT)).path(name).deleted(name.deletion()).end();
        }
        lines.close();
    }

    private void printTable(ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        Table table = new Table(terminal);
        table.right("RANGE").right("SIZE").left("PERMS").right("OFFSET").left("DEV:INODE").left("NAME").endOfHead();
        long bytes = 0;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            FileName name = FileName.of(maps, mapping);
            bytes += mapping.size();
            table.cell(Long.toHexString(mapping.start()) + "-" + Long.toHexString(mapping.end()))
                    .cell(Sizes.human(mapping.size())).cell(mapping.permissions())
                    .cell(mapping.isFileBacked() ? Long.toHexString(mapping.offset()) : "")
                    .cell(mapping.isFileBacked() ? Integer.toUnsignedString(mapping.deviceMajor()) + ":"
                            + Integer.toUnsignedString(mapping.deviceMinor()) + ":" + Long.toUnsignedString(mapping.inode()) : "")
                    .cell(name.display(), mapping.isExecutable() ? Table.Colour.CODE : mapping.isFileBacked() ? Table.Colour.PLAIN
                            : Table.Colour.FAINT).endOfRow();
        }
        table.print();
        long limit = Main.maxMapCount();
        // Not "of at most": the kernel lets a process have one more, [vsyscall] is not counted, and the limit may have been lowered.
        terminal.out().write((snapshot.size() + " mappings, " + Sizes.human(bytes)
                + (snapshot.isTorn() ? ", taken while they changed" : "")
                + (limit > 0 && !executable && !files ? "; vm.max_map_count is " + limit : "") + "\n").getBytes());
    }
}
