package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

/** Which mappings of several processes are the same memory. */
@Command(name = "shared", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Lists the memory that processes have in common: shared mappings of the same bytes of the same file.",
        footer = {"", "JSON: dev_major, dev_minor, inode; kind; path; path_base64 where that is not UTF-8; ranges, of each pid, start, end"
                + " and offset as \"0x...\", with --private also private, copied and common in bytes, null where they are not known.",
            "", "With --private, COMMON is what is in memory here and in another of the processes, as pages of the file that both have"
                + " mapped; COPIED are this process' own copies of pages, made when it wrote to them. The rest of SIZE is in memory here alone,"
                + " or not at all. Where /proc/PID/pagemap cannot be read, COMMON is 'at most' what the mapping could have in common.",
            "", "Example: mapfiles shared 4711 4712"})
public final class SharedCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", arity = "2..*", converter = Target.Converter.class, description = "Two processes or more.")
    private List<Target> targets;

    @Option(names = "--private",
            description = "Also private mappings of one file, with how much of each is in common now, and how much is copied.")
    private boolean withPrivate;

    @Option(names = "--json", description = "JSON Lines, one piece of memory each.")
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
                throw new ParameterException(spec.commandLine(), "a process is named twice");
            }
            SharedMappings shared = withPrivate ? SharedMappings.withPrivate(processes) : SharedMappings.of(processes);
            if (json) {
                printJson(shared);
            } else {
                printText(shared);
            }
            if (shared.undecided() > 0) {
                terminal.complain(shared.undecided() + " files may be in common and are left out: on their file system device and"
                        + " inode do not tell" + MapFiles.followDenial().map(refusal -> ", or " + refusal.getMessage()).orElse(""));
            }
        } finally {
            processes.forEach(ProcessMaps::close);
        }
        return ExitCode.OK;
    }

    private void printJson(SharedMappings shared) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        CommonPages pages = withPrivate ? new CommonPages() : null;
        for (SharedMappings.Group group : shared.groups()) {
            SharedMappings.Range first = group.ranges().get(0);
            Mapping file = first.mapping();
            List<CommonPages.Figures> figures = withPrivate ? pages.of(group.ranges()) : null;
            lines.begin().number("dev_major", Integer.toUnsignedLong(file.deviceMajor()))
                    .number("dev_minor", Integer.toUnsignedLong(file.deviceMinor())).unsigned("inode", file.inode())
                    .text("kind", file.kind().name().toLowerCase(Locale.ROOT)).path(FileName.of(first.process(), file));
            lines.beginList("ranges");
            for (int i = 0; i < group.ranges().size(); i++) {
                SharedMappings.Range range = group.ranges().get(i);
                Mapping mapping = range.mapping();
                lines.begin().number("pid", range.process().pid()).hex("start", mapping.start()).hex("end", mapping.end())
                        .hex("offset", mapping.offset());
                if (withPrivate) {
                    lines.bool("private", !mapping.isShared());
                    known(lines, "copied", figures.get(i).copied());
                    known(lines, "common", figures.get(i).common());
                }
                lines.end();
            }
            lines.endList().end();
        }
    }

    private static void known(JsonLines lines, String field, long bytes) throws IOException {
        if (bytes < 0) {
            lines.nothing(field);
        } else {
            lines.number(field, bytes);
        }
    }

    private void printText(SharedMappings shared) throws IOException {
        Table table = new Table(terminal);
        table.right("PID").right("RANGE").right("SIZE").right("OFFSET");
        if (withPrivate) {
            table.right("COPIED").right("COMMON").left("");
        }
        table.left("NAME").endOfHead();
        CommonPages pages = withPrivate ? new CommonPages() : null;
        for (SharedMappings.Group group : shared.groups()) {
            String name = FileName.of(group.ranges().get(0).process(), group.ranges().get(0).mapping()).display();
            List<CommonPages.Figures> figures = withPrivate ? pages.of(group.ranges()) : null;
            for (int i = 0; i < group.ranges().size(); i++) {
                SharedMappings.Range range = group.ranges().get(i);
                Mapping mapping = range.mapping();
                table.cell(Integer.toString(range.process().pid()))
                        .cell(Hex.range(mapping))
                        .cell(Sizes.human(mapping.size())).cell(Long.toHexString(mapping.offset()));
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
                .cell(figures.common() >= 0 ? Sizes.human(figures.common())
                        : "at most " + Sizes.human(mapping.size() - Math.max(figures.copied(), 0)))
                .cell(mapping.isShared() ? "" : "private");
    }
}
