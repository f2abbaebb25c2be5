package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the mappings of processes. */
@Command(
        name = "maps",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Lists the mappings of a process, in order of address.",
            "",
            "Example: mapfiles maps 4711 --exec",
            ""
        },
        footer = {
            "",
            "Rows are printed while they are read, unless --sort or --top orders them. A process with more than 4,096"
                    + " mappings is read in parts: if it changes meanwhile, a mapping may be missing or be listed in two"
                    + " states. A message reports overlaps.",
            "JSON: rows of type mapping."
        })
public final class MapsCommand implements Callable<Integer> {
    /** Two addresses of 48 bits: wide enough for all mappings but [vsyscall], which shifts its row. */
    static final int RANGE_WIDTH = 25;

    private static final int OFFSET_RANK = 5;

    @Mixin
    private final TargetOptions targets = new TargetOptions();

    @Mixin
    private final MappingOptions selection = new MappingOptions();

    @Option(names = "--files", description = "Mappings of files, deleted files and memfds only.")
    private boolean files;

    @Mixin
    private final MemoryOptions memory = new MemoryOptions();

    @Mixin
    private final ElfFields elf = new ElfFields();

    @Mixin
    private final OrderOptions order = new OrderOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public MapsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        elf.check(screen.isJson());
        int code = targets.forEach(terminal, new Listing());
        selection.reportUnknown(terminal);
        return code;
    }

    /** A class, since the first lambda of a JVM takes some milliseconds. */
    private final class Listing implements TargetOptions.Action {
        @Override
        public void read(ProcessMaps maps) throws IOException {
            list(maps);
        }
    }

    private void list(ProcessMaps maps) throws IOException {
        MapFilter filter = files ? selection.filter().fileBacked() : selection.filter();
        MemoryColumns columns = memory.columns(order.needsRss());
        try (MapChunks chunks = maps.chunks(filter);
                elf) {
            boolean isMore = chunks.next();
            Output output = screen.isJson() ? new Json(maps, columns) : new Text(maps, columns);
            String shown = "";
            if (order.isOrdered()) {
                shown = printOrdered(maps, chunks, isMore, columns, output);
            } else {
                for (; isMore; isMore = chunks.next()) {
                    columns.read(maps, chunks.chunk());
                    elf.beginChunk(maps, chunks.chunk());
                    for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                        FileName name = FileName.of(maps, mapping);
                        if (selection.matches(mapping, name)) {
                            MemoryColumns.Sums sums = columns.of(mapping);
                            output.count(mapping, sums);
                            output.print(mapping, name, sums, elf.of(mapping));
                        }
                    }
                    output.endOfChunk();
                }
            }
            output.end(chunks.isInconsistent(), shown);
        }
    }

    /** Returns {@link TopRows#shown}. */
    private String printOrdered(
            ProcessMaps maps, MapChunks chunks, boolean hasChunk, MemoryColumns columns, Output output)
            throws IOException {
        TopRows<Row> rows = order.rows(columns);
        try (Progress progress = new Progress(terminal, "reading")) {
            long read = 0;
            for (boolean isMore = hasChunk; isMore; isMore = chunks.next()) {
                columns.read(maps, chunks.chunk());
                elf.beginChunk(maps, chunks.chunk());
                for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
                    FileName name = FileName.of(maps, mapping);
                    if (selection.matches(mapping, name)) {
                        MemoryColumns.Sums sums = columns.of(mapping);
                        output.count(mapping, sums);
                        rows.add(new Row(mapping.copy(), name, sums, elf.of(mapping)));
                    }
                }
                read += chunks.chunk().size();
                progress.update(read, 0, "mappings");
            }
        }
        for (Row row : rows.sorted()) {
            output.print(row.mapping, row.name, row.memory, row.elf);
        }
        order.reportLeftOut(terminal, rows);
        return rows.shown();
    }

    /** A mapping that is printed later. */
    private record Row(ImmutableMapping mapping, FileName name, MemoryColumns.Sums memory, ElfFields.Identity elf)
            implements OrderOptions.MappingRow {}

    private interface Output {
        /** Counts a mapping that is printed, now or later, or that is left out by --top. */
        void count(Mapping mapping, MemoryColumns.Sums memory);

        void print(Mapping mapping, FileName name, MemoryColumns.Sums memory, ElfFields.Identity identity)
                throws IOException;

        void endOfChunk() throws IOException;

        /**
         * @param isInconsistent whether the mappings changed while they were read
         * @param shown how many rows are shown, if not all: {@link TopRows#shown}
         */
        void end(boolean isInconsistent, String shown) throws IOException;
    }

    private final class Json implements Output {
        private final JsonLines lines = new JsonLines(terminal.out());
        private final ProcessMaps maps;
        private final MemoryColumns columns;

        Json(ProcessMaps maps, MemoryColumns columns) throws IOException {
            this.maps = maps;
            this.columns = columns;
        }

        @Override
        public void count(Mapping mapping, MemoryColumns.Sums memory) {
            // only text has totals
        }

        @Override
        public void print(Mapping mapping, FileName name, MemoryColumns.Sums memory, ElfFields.Identity identity)
                throws IOException {
            targets.notePrinted(maps);
            lines.beginRow("mapping", maps.pid()).mapping(mapping, name);
            elf.json(columns.json(lines, memory), identity).end();
        }

        @Override
        public void endOfChunk() {
            // each row is complete
        }

        @Override
        public void end(boolean isInconsistent, String shown) {
            if (isInconsistent) {
                terminal.report("mappings changed while they were listed: some may be missing, or listed in two"
                        + " states; list them again");
            }
        }
    }

    private final class Text implements Output {
        private final Table table = screen.table(terminal);
        private final MemoryColumns columns;
        private final MemoryColumns.Sums total = new MemoryColumns.Sums();
        private long mappings;
        private long bytes;

        private final ProcessMaps maps;

        Text(ProcessMaps maps, MemoryColumns columns) {
            this.maps = maps;
            this.columns = columns;
            columns.head(table.right("RANGE").fixed(RANGE_WIDTH).right("SIZE"))
                    .left("PERMS")
                    .right("OFFSET")
                    .optional(OFFSET_RANK);
            if (screen.isWide()) {
                table.left("DEV:INODE");
            }
            table.left("NAME").endOfHead();
        }

        @Override
        public void count(Mapping mapping, MemoryColumns.Sums memory) {
            mappings++;
            bytes += mapping.size();
            total.add(memory);
        }

        @Override
        public void print(Mapping mapping, FileName name, MemoryColumns.Sums memory, ElfFields.Identity identity)
                throws IOException {
            targets.printHeading(terminal, maps, screen.isWide());
            columns.cells(table.cell(Hex.range(mapping)).cell(Sizes.human(mapping.size())), memory)
                    .cell(mapping.permissions())
                    .cell(mapping.isFileBacked() ? Long.toHexString(mapping.offset()) : "");
            if (screen.isWide()) {
                table.cell(mapping.isFileBacked() ? device(mapping) : "");
            }
            table.cell(
                            name.display(),
                            mapping.isExecutable()
                                    ? Table.Colour.CODE
                                    : mapping.isFileBacked() ? Table.Colour.PLAIN : Table.Colour.FAINT)
                    .endOfRow();
        }

        @Override
        public void endOfChunk() throws IOException {
            if (mappings > 0) {
                table.print();
            }
        }

        @Override
        public void end(boolean isInconsistent, String shown) throws IOException {
            if (mappings == 0 && targets.leavesOutEmpty()) {
                return;
            }
            targets.printHeading(terminal, maps, screen.isWide());
            table.print();
            long limit = ProcessMaps.maxMappings();
            boolean isAll = selection.isAll() && !files;
            // No "N of MAX": a process may have one mapping more than the limit, [vsyscall] does not count,
            // and the limit may have been lowered.
            String end = mappings
                    + (mappings == 1 ? " mapping" : " mappings")
                    + shown
                    + ", "
                    + Sizes.human(bytes)
                    + columns.text(total)
                    + (isInconsistent ? ", which changed while they were listed" : "")
                    + (limit > 0 && isAll ? "; vm.max_map_count is " + limit : "");
            terminal.prose(end, screen.isWide());
        }

        private String device(Mapping mapping) {
            return Integer.toUnsignedString(mapping.deviceMajor()) + ":"
                    + Integer.toUnsignedString(mapping.deviceMinor()) + ":"
                    + Long.toUnsignedString(mapping.inode());
        }
    }
}
