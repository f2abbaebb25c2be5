package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.CommonPages;
import org.mapfiles.cli.target.Target;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.SharedMappings;
import picocli.CommandLine.Command;
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
        description = "Lists the memory that processes share: shared mappings of the same bytes of the same file.",
        footer = {
            "",
            "With --private, COMMON is the bytes of the mapping that are in memory and are the same page of the file"
                    + " in another of the processes. COPIED is the bytes that the process has own copies of, made when it wrote to"
                    + " them. The rest of SIZE is in the memory of this process only, or not in memory. If /proc/PID/pagemap cannot"
                    + " be read, COMMON is 'at most' what the mapping can share. MAPPED is how the process mapped the file: shared or"
                    + " private.",
            "",
            "JSON: one row of type shared_mapping for each mapping. Fields: those of 'mapfiles maps --json' and memory_id,"
                    + " the same number in all rows of one piece of memory; with --private also copied and common in bytes,"
                    + " null if unknown.",
            "",
            "Example: mapfiles shared 4711 4712"
        })
public final class SharedCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PID|self",
            arity = "2..*",
            converter = Target.Converter.class,
            description = "Two processes or more.")
    private List<Target> targets;

    @Option(
            names = "--private",
            description = "Also private mappings of the same file, and how much of each is common and copied now.")
    private boolean withPrivate;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

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
            if (json) {
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
        CommonPages pages = withPrivate ? new CommonPages() : null;
        int memoryId = 0;
        for (SharedMappings.Group group : shared.groups()) {
            memoryId++;
            List<CommonPages.Figures> figures = withPrivate ? pages.of(group.ranges()) : null;
            for (int i = 0; i < group.ranges().size(); i++) {
                SharedMappings.Range range = group.ranges().get(i);
                FileName name = FileName.of(range.process(), range.mapping());
                lines.beginRow("shared_mapping", range.process().pid())
                        .mapping(range.mapping(), name)
                        .number("memory_id", memoryId);
                if (withPrivate) {
                    lines.numberOrNull("copied", figures.get(i).copied())
                            .numberOrNull("common", figures.get(i).common());
                }
                lines.end();
            }
        }
    }

    private void printText(SharedMappings shared) throws IOException {
        Table table = new Table(terminal);
        table.right("PID").right("RANGE").right("SIZE").right("OFFSET");
        if (withPrivate) {
            table.right("COPIED").right("COMMON").left("MAPPED");
        }
        table.left("NAME").endOfHead();
        CommonPages pages = withPrivate ? new CommonPages() : null;
        for (SharedMappings.Group group : shared.groups()) {
            String name = FileName.of(
                            group.ranges().get(0).process(),
                            group.ranges().get(0).mapping())
                    .display();
            List<CommonPages.Figures> figures = withPrivate ? pages.of(group.ranges()) : null;
            for (int i = 0; i < group.ranges().size(); i++) {
                SharedMappings.Range range = group.ranges().get(i);
                Mapping mapping = range.mapping();
                table.cell(Integer.toString(range.process().pid()))
                        .cell(Hex.range(mapping))
                        .cell(Sizes.human(mapping.size()))
                        .cell(Long.toHexString(mapping.offset()));
                if (withPrivate) {
                    addPages(table, mapping, figures.get(i));
                }
                table.cell(name).endOfRow();
            }
        }
        table.print();
    }

    private static void addPages(Table table, Mapping mapping, CommonPages.Figures figures) {
        boolean isCopiedKnown = figures.copied() >= 0;
        table.cell(isCopiedKnown ? Sizes.human(figures.copied()) : "?")
                .cell(
                        figures.common() >= 0
                                ? Sizes.human(figures.common())
                                : "at most " + Sizes.human(mapping.size() - Math.max(figures.copied(), 0)))
                .cell(mapping.isShared() ? "shared" : "private");
    }
}
