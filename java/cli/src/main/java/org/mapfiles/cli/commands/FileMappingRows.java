package org.mapfiles.cli.commands;

import java.io.IOException;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.files.MapFilesEntries;

/** Prints one row for each mapping of a file: as they are read, or as options order them. */
final class FileMappingRows implements FilesCommand.Output {
    private static final int MODE_RANK = 5;

    /** A mapping that is printed later. */
    private record Row(
            ImmutableMapping mapping,
            FileName name,
            String mode,
            FileStat stat,
            FileFacts.Facts facts,
            MemoryColumns.Sums memory,
            ElfFields.Identity elf)
            implements OrderOptions.MappingRow {}

    private final ProcessMaps maps;
    private final MemoryColumns columns;
    private final ElfFields elf;
    private final TargetOptions targets;
    private final OrderOptions order;
    private final Terminal terminal;
    private final Table table;
    private final boolean isWide;
    /** Null: text. */
    private final JsonLines lines;
    /** Null: rows are printed as they are read. */
    private final TopRows<Row> ordered;

    private final MemoryColumns.Sums total = new MemoryColumns.Sums();
    private long mappings;
    private long bytes;

    FileMappingRows(
            ProcessMaps maps,
            MemoryColumns columns,
            ElfFields elf,
            TargetOptions targets,
            OrderOptions order,
            ScreenOptions screen,
            Terminal terminal)
            throws IOException {
        this.maps = maps;
        this.columns = columns;
        this.elf = elf;
        this.targets = targets;
        this.order = order;
        this.terminal = terminal;
        isWide = screen.isWide();
        lines = screen.isJson() ? new JsonLines(terminal.out()) : null;
        ordered = order.isOrdered() ? order.rows(columns) : null;
        table = screen.table(terminal);
        columns.head(table.right("RANGE").fixed(MapsCommand.RANGE_WIDTH).right("SIZE"))
                .left("MODE")
                .optional(MODE_RANK)
                .left("STATE");
        if (isWide) {
            table.left("VERIFIED").right("LINKS").right("LENGTH");
        }
        table.left("NAME").endOfHead();
    }

    @Override
    public void print(
            MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts, MemoryColumns.Sums memory)
            throws IOException {
        Row row = new Row(
                mapping.copy(), name, FilesCommand.mode(entry), FileStat.of(entry), facts, memory, elf.of(mapping));
        mappings++;
        bytes += mapping.size();
        total.add(memory);
        if (ordered == null) {
            print(row);
        } else {
            ordered.add(row);
        }
    }

    private void print(Row row) throws IOException {
        if (lines == null) {
            targets.printHeading(terminal, maps, isWide);
            addRow(row);
        } else {
            printJson(row);
        }
    }

    private void addRow(Row row) throws IOException {
        Mapping mapping = row.mapping;
        columns.cells(table.cell(Hex.range(mapping)).cell(Sizes.human(mapping.size())), row.memory)
                .cell(row.mode == null ? "?" : row.mode)
                .cell(Printable.words(row.facts.state()));
        if (isWide) {
            table.cell(row.facts.verified())
                    .cell(row.stat == null ? "?" : Integer.toUnsignedString(row.stat.links()))
                    .cell(row.stat == null ? "?" : Sizes.human(row.stat.size()));
        }
        table.cell(row.name.display()).endOfRow();
    }

    private void printJson(Row row) throws IOException {
        targets.notePrinted(maps);
        lines.beginRow("file_mapping", maps.pid())
                .mapping(row.mapping, row.name)
                .text("mode", row.mode)
                .text("state", row.facts.state())
                .text("verified", row.facts.verified());
        FileStat.json(lines, row.stat);
        elf.json(columns.json(lines, row.memory), row.elf).end();
    }

    @Override
    public void endOfChunk() throws IOException {
        if (lines == null && ordered == null && mappings > 0) {
            table.print();
        }
    }

    @Override
    public void end(FileFacts facts) throws IOException {
        if (ordered != null) {
            for (Row row : ordered.sorted()) {
                print(row);
            }
            order.reportLeftOut(terminal, ordered);
        }
        if (lines == null && (mappings > 0 || !targets.leavesOutEmpty())) {
            targets.printHeading(terminal, maps, isWide);
            table.print();
            String end = mappings
                    + (mappings == 1 ? " mapping of a file" : " mappings of files")
                    + (ordered == null ? "" : ordered.shown())
                    + ", "
                    + Sizes.human(bytes)
                    + columns.text(total);
            terminal.prose(end, isWide);
        }
    }
}
