package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import org.mapfiles.jvm.JvmRegions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reports the use of a JVM's memory. */
@Command(
        name = "jvm",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Reports what each part of a JVM's memory is for: heap, code, classes, stacks, libraries, ...",
        footer = {
            "",
            "The JVM is read from outside: nothing is loaded into it, no signal is sent to it, and it may be stopped,"
                    + " frozen or in a container. This needs the permission to attach to the process (ptrace(2)): the same user, or"
                    + " root.",
            "?: the use is inferred from the memory's content or place. UNKNOWN: the JVM, the kernel and the C library do not"
                    + " record the use. Another JVM's direct buffer is reported as MALLOC or UNKNOWN. The kernel cuts names of"
                    + " threads after 15 bytes.",
            "SIZE is address space; with --rss or --pss RESERVED is the same, COMMITTED is the part of it that may be accessed,"
                    + " RSS the part that is in memory. smaps has numbers of whole mappings: ? stands for a part of a mapping"
                    + " whose parts differ. Most of MALLOC is reserved by arenas. A ZGC heap that is"
                    + " not generational (the default up to JDK 22) is mapped three times.",
            "",
            "--attach adds what only the JVM itself can report: nearly all of its memory if it runs with"
                    + " -XX:NativeMemoryTracking=detail, and the collector's tables if libjvm.so has no symbol table. It sends three diagnostic commands"
                    + " as jcmd does, and loads nothing. The first use sends SIGQUIT to the JVM, after checks that it is a JVM"
                    + " that accepts commands and is not stopped or frozen. The JVM then starts the thread Attach Listener and"
                    + " makes the socket /tmp/.java_pidPID; both stay until it exits. Each step ends within 10 s. A JVM that"
                    + " hangs may print a thread dump when it continues. It needs the user and the group of the JVM, or root.",
            "",
            "JSON: one row of type jvm_region for each part, in order of address. Fields: version, type, pid,"
                    + " start, end, size, region, detail, inferred. With --rss also committed, rss and swap in bytes; with"
                    + " --pss also pss, shared_clean, shared_dirty, private_clean, private_dirty, null for a part of a mapping.",
            "",
            "Example: mapfiles jvm 4711 --json"
        })
public final class JvmCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that" + " runs this command.")
    private Target target;

    @Mixin
    private MemoryOptions memoryOptions;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    @Option(
            names = "--attach",
            description = "Also send diagnostic commands to the JVM. This has an effect on the" + " JVM: see below.")
    private boolean attach;

    private final Terminal terminal;

    public JvmCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        JvmRegions regions;
        MemoryColumns columns = memoryOptions.columns();
        JvmMemory memory;
        int pid;
        try (ProcessMaps maps = target.open()) {
            pid = maps.pid();
            regions = read(maps);
            memory = columns.hasRss() ? new JvmMemory(maps, regions, columns) : null;
        }
        if (json) {
            printJson(pid, regions, columns, memory);
        } else {
            printTotals(regions, columns, memory);
            terminal.out().write('\n');
            printParts(regions, columns, memory);
        }
        return ExitCode.OK;
    }

    private JvmRegions read(ProcessMaps maps) throws IOException {
        if (maps.pid() == ProcessHandle.current().pid()) {
            return JvmRegions.read();
        }
        return attach ? JvmRegions.readAttached(maps) : JvmRegions.read(maps);
    }

    private void printJson(int pid, JvmRegions regions, MemoryColumns columns, JvmMemory memory) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (int i = 0; i < regions.size(); i++) {
            lines.beginRow("jvm_region", pid)
                    .range(regions.start(i), regions.end(i))
                    .text("region", JsonLines.constant(regions.region(i)))
                    .textOrNull("detail", regions.detail(i))
                    .bool("inferred", regions.isInferred(i));
            if (memory != null) {
                columns.json(lines.number("committed", memory.committed(i)), memory.of(i));
            }
            lines.end();
        }
    }

    private void printTotals(JvmRegions regions, MemoryColumns columns, JvmMemory memory) throws IOException {
        Map<JvmRegions.Kind, Integer> parts = new EnumMap<>(JvmRegions.Kind.class);
        Map<JvmRegions.Kind, Long> committed = new EnumMap<>(JvmRegions.Kind.class);
        for (int i = 0; i < regions.size(); i++) {
            parts.merge(regions.region(i), 1, Integer::sum);
            committed.merge(regions.region(i), memory == null ? 0 : memory.committed(i), Long::sum);
        }
        Map<JvmRegions.Kind, MemoryColumns.Sums> sums = memory == null ? Map.of() : memory.byKind();
        Table table = new Table(terminal);
        table.right("PARTS").right(memory == null ? "SIZE" : "RESERVED");
        if (memory != null) {
            columns.head(table.right("COMMITTED"));
        }
        table.left("REGION").endOfHead();
        for (Map.Entry<JvmRegions.Kind, Integer> each : parts.entrySet()) {
            table.cell(each.getValue().toString()).cell(Sizes.human(regions.bytes(each.getKey())));
            if (memory != null) {
                columns.cells(table.cell(Sizes.human(committed.get(each.getKey()))), sums.get(each.getKey()));
            }
            table.cell(each.getKey().name()).endOfRow();
        }
        table.print();
    }

    private void printParts(JvmRegions regions, MemoryColumns columns, JvmMemory memory) throws IOException {
        Table table = new Table(terminal);
        columns.head(table.left("RANGE").right("SIZE"))
                .left("REGION")
                .left("WHAT")
                .endOfHead();
        for (int i = 0; i < regions.size(); i++) {
            table.cell(Hex.range(regions.start(i), regions.end(i)))
                    .cell(Sizes.human(regions.end(i) - regions.start(i)));
            if (memory != null) {
                columns.cells(table, memory.of(i));
            }
            table.cell(regions.region(i) + (regions.isInferred(i) ? "?" : ""))
                    .cell(Printable.text(regions.detail(i)))
                    .endOfRow();
        }
        table.print();
    }
}
