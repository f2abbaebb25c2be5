package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.CommonPages;
import org.mapfiles.cli.target.Target;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.SharedMappings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the memory that several processes share. */
@Command(
        name = "shared",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = "mapfiles shared [OPTIONS] PID|self PID|self...",
        description = {"Lists the memory that processes share.", "", "Example: mapfiles shared 4711 4712 --private", ""
        },
        footer = {
            "",
            "RSS     bytes of the mapping that are in memory",
            "SHARED  of these, bytes that another of the processes has in memory too",
            "OWN     of these, the others: own copies, and pages that no other of them has",
            "COPIED  own copies of pages, made by writing to them; also in swap",
            "The last line has the sums of the rows: memory that two processes share counts twice.",
            "Memory of which most is shared is first. A ? is unknown: /proc/PID/pagemap cannot be read, or the mapping changed.",
            "JSON: rows of type shared_mapping."
        })
public final class SharedCommand implements Callable<Integer> {
    private static final int PERMS_RANK = 6;
    private static final int COPIED_RANK = 5;
    private static final int SIZE_RANK = 1;

    @Parameters(
            paramLabel = "PID|self",
            arity = "2..*",
            hideParamSyntax = true,
            converter = Converters.OfTarget.class,
            description = "Two or more: " + TargetOptions.DESCRIPTION + ".")
    private List<Target> targets;

    @Option(names = "--private", description = "Also private mappings of the same file.")
    private boolean withPrivate;

    @Mixin
    private final MappingOptions selection = new MappingOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public SharedCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        List<ProcessMaps> processes = new ArrayList<>();
        try {
            for (Target target : targets) {
                processes.add(target.open());
            }
            if (processes.stream().mapToInt(ProcessMaps::pid).distinct().count() < processes.size()) {
                throw new UsageException("a process is given twice");
            }
            SharedMappings shared = withPrivate ? SharedMappings.withPrivate(processes) : SharedMappings.of(processes);
            if (screen.isJson()) {
                printJson(pieces(shared));
            } else {
                printText(pieces(shared));
                if (shared.groups().isEmpty()) {
                    terminal.report(
                            withPrivate
                                    ? "the processes map no file in common"
                                    : "the processes have no shared mapping in common; --private also compares private mappings");
                }
            }
            if (shared.undecided() > 0) {
                terminal.report(shared.undecided() + " files are left out, which may be shared: device and inode do"
                        + " not identify a file on their file system"
                        + MapFiles.followDenial()
                                .map(denial -> ", or" + " " + denial.getMessage())
                                .orElse(""));
            }
        } finally {
            processes.forEach(ProcessMaps::close);
        }
        return ExitCode.OK;
    }

    /**
     * Memory that several processes map, or a part of a file.
     *
     * @param rows which of its ranges are printed
     * @param figures of each range
     */
    private record Piece(List<SharedMappings.Range> ranges, List<Integer> rows, List<CommonPages.Figures> figures) {
        /** Returns the bytes in memory that are shared; -1: unknown. */
        long shared() {
            long sum = 0;
            for (CommonPages.Figures each : figures) {
                if (each.common() < 0) {
                    return -1;
                }
                sum += each.common();
            }
            return sum;
        }
    }

    /** Returns what is printed. Memory of which most is shared is first. */
    private List<Piece> pieces(SharedMappings shared) throws IOException {
        List<Piece> pieces = new ArrayList<>();
        CommonPages pages = new CommonPages();
        try (Progress progress = new Progress(terminal, "reading pages")) {
            for (int i = 0; i < shared.groups().size(); i++) {
                progress.update(i, shared.groups().size(), "files");
                List<SharedMappings.Range> ranges = shared.groups().get(i).ranges();
                List<Integer> rows = new ArrayList<>();
                for (int row = 0; row < ranges.size(); row++) {
                    SharedMappings.Range range = ranges.get(row);
                    if (selection.matches(range.mapping(), FileName.of(range.process(), range.mapping()))) {
                        rows.add(row);
                    }
                }
                if (!rows.isEmpty()) {
                    pieces.add(new Piece(ranges, rows, pages.of(ranges)));
                }
            }
        }
        pieces.sort(Comparator.comparingLong(Piece::shared).reversed());
        return pieces;
    }

    private void printJson(List<Piece> pieces) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        int memoryId = 0;
        for (Piece piece : pieces) {
            memoryId++;
            for (int row : piece.rows) {
                SharedMappings.Range range = piece.ranges.get(row);
                CommonPages.Figures figures = piece.figures.get(row);
                lines.beginRow("shared_mapping", range.process().pid())
                        .mapping(range.mapping(), FileName.of(range.process(), range.mapping()))
                        .number("memory_id", memoryId)
                        .numberOrNull("rss", figures.resident())
                        .numberOrNull("common", figures.common())
                        .numberOrNull("copied", figures.copied())
                        .end();
            }
        }
    }

    private void printText(List<Piece> pieces) throws IOException {
        Table table = screen.table(terminal);
        table.right("PID")
                .right("RANGE")
                .fixed(MapsCommand.RANGE_WIDTH)
                .right("SIZE")
                .optional(SIZE_RANK);
        if (screen.isWide()) {
            table.right("OFFSET");
        }
        table.right("RSS").right("SHARED").right("OWN").right("COPIED").optional(COPIED_RANK);
        table.left("PERMS").optional(PERMS_RANK).left("NAME").endOfHead();
        Sums sums = new Sums();
        for (Piece piece : pieces) {
            print(table, piece, sums);
        }
        table.print();
        if (sums.mappings > 0) {
            String end = sums.mappings + " mappings of " + pieces.size()
                    + (pieces.size() == 1 ? " piece of memory: RSS " : " pieces of memory: RSS ")
                    + Sizes.human(sums.resident) + ", shared " + Sizes.human(sums.common)
                    + (sums.isKnown ? "" : ", some of it unknown");
            terminal.prose(end, screen.isWide());
        }
    }

    /** Totals of the table. */
    private static final class Sums {
        private long mappings;
        private long resident;
        private long common;
        private boolean isKnown = true;
    }

    private void print(Table table, Piece piece, Sums sums) throws IOException {
        for (int row : piece.rows) {
            SharedMappings.Range range = piece.ranges.get(row);
            Mapping mapping = range.mapping();
            CommonPages.Figures figure = piece.figures.get(row);
            sums.mappings++;
            sums.resident += Math.max(0, figure.resident());
            sums.common += Math.max(0, figure.common());
            sums.isKnown &= figure.own() >= 0;
            table.cell(Integer.toString(range.process().pid()))
                    .cell(Hex.range(mapping))
                    .cell(Sizes.human(mapping.size()));
            if (screen.isWide()) {
                table.cell(Long.toHexString(mapping.offset()));
            }
            table.cell(size(figure.resident()))
                    .cell(size(figure.common()))
                    .cell(size(figure.own()))
                    .cell(size(figure.copied()))
                    .cell(mapping.permissions())
                    .cell(FileName.of(range.process(), mapping).display())
                    .endOfRow();
        }
    }

    private static String size(long bytes) {
        return bytes < 0 ? "?" : Sizes.human(bytes);
    }
}
