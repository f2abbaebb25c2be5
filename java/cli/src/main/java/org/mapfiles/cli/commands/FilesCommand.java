package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MapFilesEntries.FieldStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the mapped files of a process, and what happened to them. */
@Command(
        name = "files",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Lists the mapped files of a process: how the process opened them, and what happened to them.",
        footer = {
            "",
            "MAPPINGS  of the file; 'mapfiles maps' lists their ranges",
            "MODE      how the process opened the file: r, w, rw; several if mappings differ",
            "STATE     ok; deleted; replaced: another file is at the path; unlinked: nothing",
            "          is at the path, but the file has other names; copied: overlayfs made a",
            "          copy for writing, and the path leads to the copy; no path: a memfd or",
            "          shared memory, which never had a path; unknown",
            "VERIFIED  how 'mapfiles cat' would verify the file: exact, through map_files;",
            "          same_inode, same_build_id: by path; not_verified: only by comparing",
            "          bytes, or not at all",
            "RSS and the columns after it: see 'mapfiles help maps'.",
            "Each column may be unknown by itself. LINKS, SIZE, and most deleted files need CAP_CHECKPOINT_RESTORE: run as"
                    + " root; in a container, docker run --cap-add=CHECKPOINT_RESTORE. CAP_PERFMON alone permits to read"
                    + " mappings, but not map_files.",
            "More than 4,096 mappings are printed while they are read, as by 'mapfiles maps'. A file may then have several"
                    + " lines.",
            "",
            "JSON: one row of type file_mapping for each mapping. Fields: those of 'mapfiles maps --json', mode, state,"
                    + " verified; and of the file as stat(2) returns them, null if unknown: file_type, file_dev_major,"
                    + " file_dev_minor, file_inode, file_nlink, file_size. With --rss also rss and swap in bytes; with --pss also"
                    + " pss, shared_clean, shared_dirty, private_clean, private_dirty. With --elf also elf_address (of start),"
                    + " build_id, htlhash.",
            "",
            "Example: mapfiles files 4711"
        })
public final class FilesCommand implements Callable<Integer> {
    /** File types of st_mode, stat(2). */
    private static final int TYPE = 0170000;

    private static final int REGULAR_FILE = 0100000;

    @Parameters(
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that" + " runs this command.")
    private Target target;

    @Mixin
    private MemoryOptions memory;

    @Mixin
    private final ElfFields elf = new ElfFields();

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    private final Terminal terminal;

    public FilesCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        elf.check(json);
        try (ProcessMaps maps = target.open();
                MapChunks chunks = maps.chunks(MapFilter.all().fileBacked().by(Backend.TEXT));
                elf) {
            MapFiles files = MapFiles.of(maps);
            files.listDenial()
                    .ifPresent(denial -> terminal.report("the map_files entries are unknown: " + denial.getMessage()));
            FileFacts facts = new FileFacts(files);
            MemoryColumns columns = memory.columns();
            Text text = new Text(columns);
            Output output = json ? new Json(maps.pid(), columns) : text;
            MapFilesEntries entries = new MapFilesEntries();
            long mappings = 0;
            while (chunks.next()) {
                MapSnapshot chunk = chunks.chunk();
                files.readAll(chunk, entries);
                facts.beginChunk(chunk);
                columns.read(maps, chunk);
                elf.beginChunk(maps, chunk);
                for (MapCursor mapping = chunk.cursor(); mapping.next() && entries.next(); mappings++) {
                    output.print(mapping, entries, FileName.of(maps, mapping), facts.of(mapping));
                }
                text.printLines();
            }
            if (!json) {
                text.printTotals(mappings, facts);
            }
            if (chunks.isInconsistent()) {
                terminal.report("mappings changed while they were listed: some may be missing, or listed in two"
                        + " states; list them again");
            }
        }
        return ExitCode.OK;
    }

    /** Returns how the process opened the file: "r", "w" or "rw"; null if it is unknown. */
    private static String mode(MapFilesEntries entry) {
        if (entry.accessStatus() != FieldStatus.KNOWN) {
            return null;
        }
        return (entry.isOpenForReading() ? "r" : "") + (entry.isOpenForWriting() ? "w" : "");
    }

    /** Prints one mapping. */
    private interface Output {
        void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) throws IOException;
    }

    private final class Json implements Output {
        private final JsonLines lines = new JsonLines(terminal.out());
        private final MemoryColumns columns;
        private final int pid;

        Json(int pid, MemoryColumns columns) throws IOException {
            this.columns = columns;
            this.pid = pid;
        }

        @Override
        public void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts)
                throws IOException {
            lines.beginRow("file_mapping", pid)
                    .mapping(mapping, name)
                    .text("mode", mode(entry))
                    .text("state", facts.state())
                    .text("verified", facts.verified());
            if (entry.statStatus() == FieldStatus.KNOWN) {
                lines.text("file_type", fileType(entry))
                        .number("file_dev_major", Integer.toUnsignedLong(entry.deviceMajor()))
                        .number("file_dev_minor", Integer.toUnsignedLong(entry.deviceMinor()))
                        .unsigned("file_inode", entry.inode())
                        .number("file_nlink", Integer.toUnsignedLong(entry.nlink()))
                        .number("file_size", entry.fileSize());
            } else {
                lines.nullValue("file_type")
                        .nullValue("file_dev_major")
                        .nullValue("file_dev_minor")
                        .nullValue("file_inode")
                        .nullValue("file_nlink")
                        .nullValue("file_size");
            }
            elf.json(columns.json(lines, columns.of(mapping)), mapping).end();
        }
    }

    private static String fileType(MapFilesEntries entry) {
        return entry.isDevice() ? "device" : (entry.mode() & TYPE) == REGULAR_FILE ? "regular" : "other";
    }

    /** The line of a file. */
    private static final class FileLine {
        private final Set<String> modes = new TreeSet<>();
        private final MemoryColumns.Sums sums = new MemoryColumns.Sums();
        private final FileFacts.Facts facts;
        private final String links;
        private final String size;
        private final String name;
        private int mappings;

        FileLine(MapFilesEntries entry, FileName name, FileFacts.Facts facts) {
            boolean known = entry.statStatus() == FieldStatus.KNOWN;
            this.facts = facts;
            this.links = known ? Integer.toUnsignedString(entry.nlink()) : "?";
            this.size = known ? Sizes.human(entry.fileSize()) : "?";
            this.name = name.display();
        }

        void add(MapFilesEntries entry) {
            String mode = mode(entry);
            modes.add(mode == null ? "?" : mode);
            mappings++;
        }
    }

    /** Prints one line for each file of a chunk, in the order of the first mappings. Most processes have one chunk. */
    private final class Text implements Output {
        private final Table table = new Table(terminal);
        /** By facts, of which each file has its own object. */
        private final Map<FileFacts.Facts, FileLine> byFile = new IdentityHashMap<>();

        private final List<FileLine> lines = new ArrayList<>();
        private final MemoryColumns columns;

        Text(MemoryColumns columns) {
            this.columns = columns;
            columns.head(table.right("MAPPINGS").left("MODE").right("LINKS").right("SIZE"))
                    .left("STATE")
                    .left("VERIFIED")
                    .left("NAME")
                    .endOfHead();
        }

        @Override
        public void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) {
            FileLine line = byFile.get(facts);
            if (line == null) {
                line = new FileLine(entry, name, facts);
                byFile.put(facts, line);
                lines.add(line);
            }
            line.add(entry);
            columns.add(mapping, line.sums);
        }

        void printLines() throws IOException {
            for (FileLine line : lines) {
                table.cell(Integer.toString(line.mappings))
                        .cell(String.join(",", line.modes))
                        .cell(line.links)
                        .cell(line.size);
                columns.cells(table, line.sums)
                        .cell(text(line.facts.state()))
                        .cell(line.facts.verified())
                        .cell(line.name)
                        .endOfRow();
            }
            byFile.clear();
            lines.clear();
        }

        void printTotals(long mappings, FileFacts facts) throws IOException {
            table.print();
            StringBuilder end = new StringBuilder(mappings + " mappings of " + facts.count() + " files");
            String separator = ": ";
            for (Map.Entry<String, Integer> state : facts.states().entrySet()) {
                end.append(separator).append(state.getValue()).append(' ').append(text(state.getKey()));
                separator = ", ";
            }
            terminal.out().write(end.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        }

        private static String text(String state) {
            return state.replace('_', ' ');
        }
    }
}
