package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.files.MapFilesEntries;

/** Prints one row for each file of a process, in the order of the first mappings, or as options order them. */
final class FileRows implements FilesCommand.Output {
    /** Maximum number of files that are kept: some 5 MB. Of a process with more, a file may have several rows. */
    private static final int MAX_FILES = 10_000;

    private static final List<String> MODES = List.of("r", "rw", "w", "?");

    private static final int VERIFIED_RANK = 6;
    private static final int MODE_RANK = 5;

    /** The mappings of a file. */
    private static final class FileRow implements OrderOptions.Row {
        /** A bit for each of MODES. */
        private int modes;

        private final MemoryColumns.Sums memory = new MemoryColumns.Sums();
        private final FileFacts.Facts facts;
        private final ImmutableMapping first;
        private final FileName name;
        /** Null: unknown. */
        private final FileStat stat;

        private long mappings;
        private long bytes;

        FileRow(Mapping mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) {
            this.first = mapping.copy();
            this.facts = facts;
            this.name = name;
            this.stat = FileStat.of(entry);
        }

        void add(Mapping mapping, MapFilesEntries entry, MemoryColumns.Sums sums) {
            String mode = FilesCommand.mode(entry);
            modes |= 1 << MODES.indexOf(mode == null || mode.isEmpty() ? "?" : mode);
            mappings++;
            bytes += mapping.size();
            memory.add(sums);
        }

        List<String> modes() {
            return MODES.stream()
                    .filter(mode -> (modes & 1 << MODES.indexOf(mode)) != 0)
                    .toList();
        }

        @Override
        public long size() {
            return bytes;
        }

        @Override
        public long rss() {
            return memory.rss();
        }

        @Override
        public String path() {
            return name.display();
        }

        @Override
        public long address() {
            return first.start();
        }
    }

    private final ProcessMaps maps;
    private final MemoryColumns columns;
    private final TargetOptions targets;
    private final OrderOptions order;
    private final Terminal terminal;
    private final Table table;
    private final boolean isWide;
    /** Null: text. */
    private final JsonLines lines;
    /** By facts, of which each file has its own object. */
    private final Map<FileFacts.Facts, FileRow> byFile = new IdentityHashMap<>();

    /** In the order of the first mappings. */
    private final List<FileRow> rows = new ArrayList<>();

    /** Null: rows are printed in the order of the first mappings. */
    private final TopRows<FileRow> ordered;

    private final MemoryColumns.Sums total = new MemoryColumns.Sums();
    private long mappings;
    private long bytes;

    FileRows(
            ProcessMaps maps,
            MemoryColumns columns,
            TargetOptions targets,
            OrderOptions order,
            ScreenOptions screen,
            Terminal terminal)
            throws IOException {
        this.maps = maps;
        this.columns = columns;
        this.targets = targets;
        this.order = order;
        this.terminal = terminal;
        isWide = screen.isWide();
        lines = screen.isJson() ? new JsonLines(terminal.out()) : null;
        ordered = order.isOrdered() ? order.rows(columns) : null;
        table = screen.table(terminal);
        columns.head(table.right("MAPPINGS").right("SIZE"))
                .left("MODE")
                .optional(MODE_RANK)
                .left("STATE")
                .left("VERIFIED")
                .optional(VERIFIED_RANK);
        if (isWide) {
            table.right("LINKS").right("LENGTH");
        }
        table.left("NAME").endOfHead();
    }

    @Override
    public void print(
            MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts, MemoryColumns.Sums memory) {
        FileRow row = byFile.get(facts);
        if (row == null) {
            row = new FileRow(mapping, entry, name, facts);
            byFile.put(facts, row);
            rows.add(row);
        }
        row.add(mapping, entry, memory);
    }

    @Override
    public void endOfChunk() throws IOException {
        if (rows.size() >= MAX_FILES) {
            endRows();
        }
    }

    @Override
    public void end(FileFacts facts) throws IOException {
        endRows();
        if (ordered != null) {
            for (FileRow row : ordered.sorted()) {
                print(row);
            }
            order.reportLeftOut(terminal, ordered);
        }
        if (lines == null && (mappings > 0 || !targets.leavesOutEmpty())) {
            targets.printHeading(terminal, maps, isWide);
            table.print();
            printTotals(facts);
        }
    }

    /** Prints the rows that are kept, or orders them. */
    private void endRows() throws IOException {
        for (FileRow row : rows) {
            mappings += row.mappings;
            bytes += row.bytes;
            total.add(row.memory);
            if (ordered == null) {
                print(row);
            } else {
                ordered.add(row);
            }
        }
        byFile.clear();
        rows.clear();
    }

    private void print(FileRow row) throws IOException {
        if (lines == null) {
            targets.printHeading(terminal, maps, isWide);
            addRow(row);
        } else {
            printJson(row);
        }
    }

    private void addRow(FileRow row) throws IOException {
        table.cell(Long.toString(row.mappings)).cell(Sizes.human(row.bytes));
        columns.cells(table, row.memory)
                .cell(String.join(",", row.modes()))
                .cell(Printable.words(row.facts.state()))
                .cell(row.facts.verified());
        if (isWide) {
            table.cell(row.stat == null ? "?" : Integer.toUnsignedString(row.stat.links()))
                    .cell(row.stat == null ? "?" : Sizes.human(row.stat.size()));
        }
        table.cell(row.name.display()).endOfRow();
    }

    private void printJson(FileRow row) throws IOException {
        targets.notePrinted(maps);
        lines.beginRow("file", maps.pid())
                .number("mappings", row.mappings)
                .unsigned("size", row.bytes)
                .file(row.first, row.name)
                .beginList("modes");
        for (String mode : row.modes()) {
            if (!mode.equals("?")) {
                lines.element(mode);
            }
        }
        lines.endList().text("state", row.facts.state()).text("verified", row.facts.verified());
        FileStat.json(lines, row.stat);
        columns.json(lines, row.memory).end();
    }

    private void printTotals(FileFacts facts) throws IOException {
        int files = facts.count();
        StringBuilder end = new StringBuilder(mappings
                + (mappings == 1 ? " mapping of " : " mappings of ")
                + files
                + (files == 1 ? " file" : " files")
                + (ordered == null ? "" : ordered.shown())
                + ", "
                + Sizes.human(bytes)
                + columns.text(total));
        String separator = ": ";
        for (Map.Entry<String, Integer> state : facts.states().entrySet()) {
            end.append(separator).append(state.getValue()).append(' ').append(Printable.words(state.getKey()));
            separator = ", ";
        }
        terminal.prose(end.toString(), isWide);
    }
}
