package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.SharedMappings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

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
            "OWN     of these, the others: own copies, and pages that only this process has",
            "COPIED  own copies of pages, made by writing to them; also in swap",
            "A ? is unknown: /proc/PID/pagemap cannot be read, or the mapping changed.",
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
            converter = Target.Converter.class,
            description = "Two or more: " + TargetOptions.DESCRIPTION + ".")
    private List<Target> targets;

    @Option(names = "--private", description = "Also private mappings of the same file.")
    private boolean withPrivate;

    @Mixin
    private MappingOptions selection;

    @Mixin
    private ScreenOptions screen;

    @Spec
    private CommandSpec spec;

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
                throw new ParameterException(spec.commandLine(), "a process is given twice");
            }
            SharedMappings shared = withPrivate ? SharedMappings.withPrivate(processes) : SharedMappings.of(processes);
            if (screen.isJson()) {
                printJson(shared);
            } else {
                printText(shared);
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

    private void printJson(SharedMappings shared) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        CommonPages pages = new CommonPages();
        int memoryId = 0;
        for (SharedMappings.Group group : shared.groups()) {
            memoryId++;
            List<CommonPages.Figures> figures = null;
            for (int i = 0; i < group.ranges().size(); i++) {
                SharedMappings.Range range = group.ranges().get(i);
                FileName name = FileName.of(range.process(), range.mapping());
                if (!selection.matches(range.mapping(), name)) {
                    continue;
                }
                figures = figures == null ? pages.of(group.ranges()) : figures;
                lines.beginRow("shared_mapping", range.process().pid())
                        .mapping(range.mapping(), name)
                        .number("memory_id", memoryId)
                        .numberOrNull("rss", figures.get(i).resident())
                        .numberOrNull("common", figures.get(i).common())
                        .numberOrNull("copied", figures.get(i).copied())
                        .end();
            }
        }
    }

    private void printText(SharedMappings shared) throws IOException {
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
        CommonPages pages = new CommonPages();
        try (Progress progress = new Progress(terminal, "reading pages")) {
            for (int i = 0; i < shared.groups().size(); i++) {
                progress.update(i, shared.groups().size(), "files");
                printGroup(table, shared.groups().get(i), pages, sums);
            }
        }
        table.print();
        if (sums.mappings > 0) {
            String end = sums.mappings + " mappings of " + sums.groups
                    + (sums.groups == 1 ? " piece of memory: RSS " : " pieces of memory: RSS ")
                    + Sizes.human(sums.resident) + ", shared " + Sizes.human(sums.common)
                    + (sums.isKnown ? "\n" : ", some of it unknown\n");
            terminal.out().write(end.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Totals of the table. */
    private static final class Sums {
        private long groups;
        private long mappings;
        private long resident;
        private long common;
        private boolean isKnown = true;
    }

    private void printGroup(Table table, SharedMappings.Group group, CommonPages pages, Sums sums) throws IOException {
        FileName name = FileName.of(
                group.ranges().get(0).process(), group.ranges().get(0).mapping());
        List<CommonPages.Figures> figures = null;
        for (int i = 0; i < group.ranges().size(); i++) {
            SharedMappings.Range range = group.ranges().get(i);
            Mapping mapping = range.mapping();
            if (!selection.matches(mapping, name)) {
                continue;
            }
            sums.groups += figures == null ? 1 : 0;
            figures = figures == null ? pages.of(group.ranges()) : figures;
            CommonPages.Figures figure = figures.get(i);
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
                    .cell(name.display())
                    .endOfRow();
        }
    }

    private static String size(long bytes) {
        return bytes < 0 ? "?" : Sizes.human(bytes);
    }
}
