package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.Backend;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import org.mapfiles.files.FieldStatus;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The files behind the mappings of a process: which exact file, and what became of it. */
@Command(name = "files", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Lists the mapped files of a process: how they are open, and what became of them.",
        footer = {"",
            "STATE     ok; deleted; replaced: another file stands at the path;",
            "          unlinked: the file has other names; copied: overlayfs has made a",
            "          copy for writing, and the path leads to that; unknown",
            "VERIFIED  how 'mapfiles cat' would know the file: exact, through map_files;",
            "          same_inode, same_build_id: by path; not_verified: only by comparing",
            "          the bytes, or not at all",
            "Link counts, sizes, and deleted files that the process does not execute or have open, take CAP_CHECKPOINT_RESTORE:"
                    + " run as root; in a container docker run --cap-add=CHECKPOINT_RESTORE.",
            "What cannot be read is unknown, for each column by itself: the right to read mappings (CAP_PERFMON) does not include the"
                    + " right to read map_files.",
            "JSON: start and end as \"0x...\"; mode; path; path_base64 where that is not UTF-8; dev_major, dev_minor, inode;"
                    + " nlink; size; kind; state; verified. mode, nlink and size are null where they are not known.",
            "", "More than 4,096 mappings are printed as they are read, as by mapfiles maps.",
            "", "Example: mapfiles files 4711"})
public final class FilesCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--json", description = "JSON Lines, one mapping each.")
    private boolean json;

    private final Terminal terminal;

    public FilesCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        try (ProcessMaps maps = target.open(); MapChunks parts = maps.chunks(MapFilter.all().fileBacked().by(Backend.TEXT))) {
            MapFiles.of(maps).listDenial().ifPresent(refusal -> terminal.complain("what is in map_files is unknown: "
                    + refusal.getMessage()));
            Output output = json ? new Json() : new Text();
            MapFilesEntries entries = new MapFilesEntries();
            FileFacts ofFiles = new FileFacts(MapFiles.of(maps));
            long mappings = 0;
            while (parts.next()) {
                MapSnapshot part = parts.chunk();
                MapFiles.of(maps).readAll(part, entries);
                ofFiles.beginPart(part);
                for (MapCursor mapping = part.cursor(); mapping.next() && entries.next(); mappings++) {
                    output.print(mapping, entries, FileName.of(maps, mapping), ofFiles.of(mapping));
                }
            }
            output.end(mappings, ofFiles);
            if (parts.isInconsistent()) {
                terminal.complain("mappings changed while they were listed: some may be missing, or listed in two states");
            }
        }
        return ExitCode.OK;
    }

    /** "r", "w" or "rw"; null where it is not known. */
    private static String mode(MapFilesEntries entry) {
        if (entry.accessStatus() != FieldStatus.KNOWN) {
            return null;
        }
        return (entry.isOpenForReading() ? "r" : "") + (entry.isOpenForWriting() ? "w" : "");
    }

    private interface Output {
        void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) throws IOException;

        void end(long mappings, FileFacts ofFiles) throws IOException;
    }

    private final class Json implements Output {
        private final JsonLines lines = new JsonLines(terminal.out());

        Json() throws IOException {
        }

        @Override
        public void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) throws IOException {
            boolean known = entry.statStatus() == FieldStatus.KNOWN;
            String mode = mode(entry);
            lines.begin().hex("start", mapping.start()).hex("end", mapping.end());
            if (mode == null) {
                lines.nothing("mode");
            } else {
                lines.text("mode", mode);
            }
            lines.path(name)
                    .number("dev_major", Integer.toUnsignedLong(known ? entry.deviceMajor() : mapping.deviceMajor()))
                    .number("dev_minor", Integer.toUnsignedLong(known ? entry.deviceMinor() : mapping.deviceMinor()))
                    .unsigned("inode", known ? entry.inode() : mapping.inode());
            if (known) {
                lines.number("nlink", Integer.toUnsignedLong(entry.nlink())).number("size", entry.size());
            } else {
                lines.nothing("nlink").nothing("size");
            }
            lines.text("kind", known && entry.isDevice() ? "device" : mapping.kind().name().toLowerCase(Locale.ROOT))
                    .text("state", facts.state()).text("verified", facts.verified()).end();
        }

        @Override
        public void end(long mappings, FileFacts ofFiles) {
            // each line was written when it was whole
        }
    }

    private final class Text implements Output {
        private final Table table = new Table(terminal);

        Text() {
            table.right("RANGE").left("MODE").right("LINKS").right("SIZE").left("STATE").left("VERIFIED").left("NAME").endOfHead();
        }

        @Override
        public void print(MapCursor mapping, MapFilesEntries entry, FileName name, FileFacts.Facts facts) throws IOException {
            boolean known = entry.statStatus() == FieldStatus.KNOWN;
            String mode = mode(entry);
            table.cell(Hex.range(mapping)).cell(mode == null ? "?" : mode)
                    .cell(known ? Integer.toUnsignedString(entry.nlink()) : "?").cell(known ? Sizes.human(entry.size()) : "?")
                    .cell(facts.state()).cell(facts.verified()).cell(name.display()).endOfRow();
        }

        @Override
        public void end(long mappings, FileFacts ofFiles) throws IOException {
            table.print();
            StringBuilder end = new StringBuilder(mappings + " mappings of " + ofFiles.count() + " files");
            String separator = ": ";
            for (Map.Entry<String, Integer> state : ofFiles.states().entrySet()) {
                end.append(separator).append(state.getValue()).append(' ').append(state.getKey());
                separator = ", ";
            }
            terminal.out().write(end.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        }
    }
}
