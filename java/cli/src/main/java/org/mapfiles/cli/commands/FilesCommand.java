package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MapFilesEntries.FieldStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the mapped files of processes, and what happened to them. */
@Command(
        name = "files",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Lists the mapped files of a process, and their state.",
            "",
            "Example: mapfiles files 4711 --deleted",
            ""
        },
        footer = {
            "",
            "MAPPINGS  of the file; SIZE: their bytes of address space",
            "MODE      how the process opened the file: r, w, rw; several if they differ",
            "STATE     ok, deleted, replaced by another file, unlinked (has other names),",
            "          copied by overlayfs, no path (memfd, shared memory), unknown",
            "VERIFIED  how 'mapfiles cat' would verify the file",
            "LINKS, LENGTH of the file, and most deleted files need CAP_CHECKPOINT_RESTORE.",
            "JSON: rows of type file; with --mappings of type file_mapping."
        })
public final class FilesCommand implements Callable<Integer> {
    @Mixin
    private final TargetOptions targets = new TargetOptions();

    @Option(names = "--mappings", description = "One row for each mapping, not for each file.")
    private boolean mappings;

    @Mixin
    private final MappingOptions selection = new MappingOptions();

    @Mixin
    private final MemoryOptions memory = new MemoryOptions();

    @Mixin
    private final ElfFields elf = new ElfFields();

    @Mixin
    private final OrderOptions order = new OrderOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public FilesCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        elf.check(screen.isJson());
        if (elf.isUsed() && !mappings) {
            throw new UsageException("--elf needs --mappings");
        }
        int code = targets.forEach(terminal, this::list);
        selection.reportUnknown(terminal);
        return code;
    }

    private void list(ProcessMaps maps) throws IOException {
        try (MapChunks chunks = maps.chunks(selection.filter().fileBacked().by(Backend.TEXT));
                elf) {
            MapFiles files = MapFiles.of(maps);
            reportDenial(files);
            MemoryColumns columns = memory.columns(order.needsRss());
            boolean isMore = chunks.next();
            Output output = output(maps, columns);
            FileFacts facts = new FileFacts(files);
            if (isMore) {
                print(maps, files, chunks, columns, facts, output);
            }
            output.end(facts);
            if (chunks.isInconsistent()) {
                terminal.report("mappings changed while they were listed: some may be missing, or listed in two"
                        + " states; list them again");
            }
        }
    }

    /**
     * Reports why entries are unknown. That the process has exited is no such reason, but the failure of this command.
     */
    void reportDenial(MapFiles files) throws MapsException {
        MapsException denial = files.listDenial().orElse(null);
        if (denial instanceof ProcessExitedException) {
            throw denial;
        }
        if (denial != null) {
            terminal.report("the map_files entries are unknown: " + denial.getMessage());
        }
    }

    /** Prints the mappings of this chunk and of those after it. */
    private void print(
            ProcessMaps maps, MapFiles files, MapChunks chunks, MemoryColumns columns, FileFacts facts, Output output)
            throws IOException {
        MapFilesEntries entries = new MapFilesEntries();
        long read = 0;
        try (Progress progress = new Progress(terminal, "reading")) {
            do {
                MapSnapshot chunk = chunks.chunk();
                files.readAll(chunk, entries);
                facts.beginChunk(chunk);
                columns.read(maps, chunk);
                elf.beginChunk(maps, chunk);
                for (MapCursor mapping = chunk.cursor(); mapping.next() && entries.next(); ) {
                    FileName name = FileName.of(maps, mapping);
                    if (selection.matches(mapping, name)) {
                        output.print(mapping, entries, name, facts.of(mapping), columns.of(mapping));
                    }
                }
                output.endOfChunk();
                read += chunk.size();
                if (!mappings || order.isOrdered()) { // else rows are printed meanwhile
                    progress.update(read, 0, "mappings");
                }
            } while (chunks.next());
        }
    }

    private Output output(ProcessMaps maps, MemoryColumns columns) throws IOException {
        return mappings
                ? new FileMappingRows(maps, columns, elf, targets, order, screen, terminal)
                : new FileRows(maps, columns, targets, order, screen, terminal);
    }

    /** Returns how the process opened the file: "r", "w" or "rw"; null if it is unknown. */
    static String mode(MapFilesEntries entry) {
        if (entry.accessStatus() != FieldStatus.KNOWN) {
            return null;
        }
        return (entry.isOpenForReading() ? "r" : "") + (entry.isOpenForWriting() ? "w" : "");
    }

    /** Prints one mapping. */
    interface Output {
        void print(
                MapCursor mapping,
                MapFilesEntries entry,
                FileName name,
                FileFacts.Facts facts,
                MemoryColumns.Sums memory)
                throws IOException;

        void endOfChunk() throws IOException;

        /**
         * Prints the end of the list.
         *
         * @param facts of all files that were printed
         */
        void end(FileFacts facts) throws IOException;
    }
}
