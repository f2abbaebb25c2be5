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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the mappings of a process. */
@Command(
        name = "maps",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Lists the mappings of a process, in order of address.",
        footer = {
            "",
            "Up to 4,096 mappings are read until they are consistent. More are printed while they are read. If the"
                    + " process changes its mappings during that time, a mapping may be missing, or be printed in two states. If"
                    + " ranges overlap, a message at the end reports it.",
            "RSS is read from the page tables. Zero pages do not count. PSS divides each page by the number of processes that map"
                    + " it. SHARED is the bytes that several processes map, PRIVATE the bytes that only this process maps. DIRTY"
                    + " is the modified part of both. ? means that the mapping changed before smaps was read.",
            "",
            "JSON: one row of type mapping for each mapping. Fields: version, type, pid, start, end, size,"
                    + " perms, offset, dev_major, dev_minor, inode, kind, path, path_base64, deleted. start, end"
                    + " and offset are \"0x...\". path is null without a name; path_base64 is present if path is"
                    + " not UTF-8. null means unknown. With --rss also rss and swap in bytes; with --pss also pss,"
                    + " shared_clean, shared_dirty, private_clean, private_dirty. With --elf also elf_address (of start), build_id,"
                    + " htlhash.",
            "",
            "Example: mapfiles maps 4711 --exec"
        })
public final class MapsCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that runs this command.")
    private Target target;

    @Option(names = "--exec", description = "Executable mappings only.")
    private boolean executable;

    @Option(names = "--files", description = "Mappings of files only, including deleted files and memfds.")
    private boolean files;

    @Mixin
    private MemoryOptions memory;

    @Mixin
    private final ElfFields elf = new ElfFields();

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    /** The range of [vsyscall], which is the last mapping. */
    private static final int WIDEST_RANGE = 33;

    private final Terminal terminal;

    public MapsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        elf.check(json);
        MapFilter filter = MapFilter.all();
        filter = executable ? filter.executable() : filter;
        filter = files ? filter.fileBacked() : filter;
        try (ProcessMaps maps = target.open();
                MapChunks chunks = maps.chunks(filter);
                elf) {
            MemoryColumns columns = memory.columns();
            if (json) {
                printJson(maps, chunks, columns);
            } else {
                printTable(maps, chunks, columns);
            }
        }
        return ExitCode.OK;
    }

    private void printJson(ProcessMaps maps, MapChunks chunks, MemoryColumns columns) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        while (chunks.next()) {
            columns.read(maps, chunks.chunk());
            elf.beginChunk(maps, chunks.chunk());
            for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                lines.beginRow("mapping", maps.pid()).mapping(mapping, FileName.of(maps, mapping));
                elf.json(columns.json(lines, columns.of(mapping)), mapping).end();
            }
        }
        if (chunks.isInconsistent()) {
            terminal.report("mappings changed while they were listed: some may be missing, or listed in two states;"
                    + " list them again");
        }
    }

    private void printTable(ProcessMaps maps, MapChunks chunks, MemoryColumns columns) throws IOException {
        Table table = new Table(terminal);
        columns.head(table.right("RANGE", WIDEST_RANGE).right("SIZE"))
                .left("PERMS")
                .right("OFFSET")
                .left("DEV:INODE")
                .left("NAME")
                .endOfHead();
        long mappings = 0;
        long bytes = 0;
        MemoryColumns.Sums total = new MemoryColumns.Sums();
        while (chunks.next()) {
            columns.read(maps, chunks.chunk());
            for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                mappings++;
                bytes += mapping.size();
                columns.add(mapping, total);
                addRow(table, mapping, FileName.of(maps, mapping), columns);
            }
            table.print();
        }
        table.print(); // the head, if there is no row
        long limit = ProcessMaps.maxMappings();
        // No "N of MAX": a process may have one mapping more than the limit, [vsyscall] does not count,
        // and the limit may have been lowered.
        terminal.out()
                .write((mappings + " mappings, " + Sizes.human(bytes) + columns.text(total)
                                + (chunks.isInconsistent() ? ", which changed while they were listed" : "")
                                + (limit > 0 && !executable && !files ? "; vm.max_map_count is " + limit : "") + "\n")
                        .getBytes(StandardCharsets.UTF_8));
    }

    private static void addRow(Table table, MapCursor mapping, FileName name, MemoryColumns columns)
            throws IOException {
        columns.cells(table.cell(Hex.range(mapping)).cell(Sizes.human(mapping.size())), columns.of(mapping))
                .cell(mapping.permissions())
                .cell(mapping.isFileBacked() ? Long.toHexString(mapping.offset()) : "")
                .cell(
                        mapping.isFileBacked()
                                ? Integer.toUnsignedString(mapping.deviceMajor()) + ":"
                                        + Integer.toUnsignedString(mapping.deviceMinor()) + ":"
                                        + Long.toUnsignedString(mapping.inode())
                                : "")
                .cell(
                        name.display(),
                        mapping.isExecutable()
                                ? Table.Colour.CODE
                                : mapping.isFileBacked() ? Table.Colour.PLAIN : Table.Colour.FAINT)
                .endOfRow();
    }
}
