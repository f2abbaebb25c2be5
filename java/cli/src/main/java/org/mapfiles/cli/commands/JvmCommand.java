package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Hex;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Sizes;
import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.RegionKind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a JVM's memory is for. */
@Command(name = "jvm", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Reports what each part of a JVM's memory is for: heap, code, classes, stacks, libraries, ...",
        footer = {"", "Another JVM is read from outside: nothing is loaded into it, no signal is sent to it, and it may be stopped, frozen"
                + " or in a container. This takes the right to attach to the process (ptrace(2)): the same user, or root.",
            "A range whose use only follows from how its memory looks is marked with ?, in JSON as inferred. UNKNOWN: the JVM, the kernel"
                + " and the C library do not record the use. A direct buffer of another JVM is reported as MALLOC or UNKNOWN."
                + " Names of threads are those that the kernel has, cut after 15 bytes.",
            "--attach adds what only the JVM itself can report: with -XX:NativeMemoryTracking=detail nearly all of its memory, and tables"
                    + " of the collector where libjvm.so has no symbol table. It sends diagnostic commands as jcmd does, and loads nothing."
                    + " The JVM starts the thread Attach Listener and makes the socket /tmp/.java_pidPID, unless it has these; both stay until"
                    + " it exits. For this it is sent SIGQUIT, after checks that it is a JVM that accepts commands, and is not stopped or"
                    + " frozen. Starting the listener and each of three commands end within 10 s; a JVM that hangs may print a thread dump"
                    + " when it continues. It takes the user and the group of the JVM, or root.",
            "Sizes are of address space, reserved or used, not of memory in use: most of MALLOC is what its arenas keep in reserve, and"
                + " the heap of ZGC, where that is not generational (up to JDK 22 unless asked for), is mapped three times.",
            "JSON: start and end as \"0x...\"; region; detail, empty for none; inferred.",
            "", "Example: mapfiles jvm 4711 --json"})
public final class JvmCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--json", description = "JSON Lines, one part each, in order of address.")
    private boolean json;

    @Option(names = "--attach", description = "Ask the JVM, too, by diagnostic commands. This has an effect on the process: see below.")
    private boolean attach;

    private final Terminal terminal;

    public JvmCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        JvmRegions regions = read();
        if (json) {
            printJson(regions);
        } else {
            printSums(regions);
            terminal.out().write('\n');
            printParts(regions);
        }
        return ExitCode.OK;
    }

    private JvmRegions read() throws IOException {
        try (ProcessMaps maps = target.open()) {
            return maps.pid() == ProcessHandle.current().pid() ? JvmRegions.read()
                    : attach ? JvmRegions.readAttached(maps) : JvmRegions.read(maps);
        }
    }

    private void printJson(JvmRegions regions) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (int i = 0; i < regions.size(); i++) {
            lines.begin().hex("start", regions.start(i)).hex("end", regions.end(i)).text("region", regions.region(i).name())
                    .text("detail", regions.detail(i)).bool("inferred", regions.isInferred(i)).end();
        }
    }

    private void printSums(JvmRegions regions) throws IOException {
        Map<RegionKind, Integer> parts = new EnumMap<>(RegionKind.class);
        for (int i = 0; i < regions.size(); i++) {
            parts.merge(regions.region(i), 1, Integer::sum);
        }
        Table table = new Table(terminal);
        table.right("PARTS").right("SIZE").left("REGION").endOfHead();
        for (Map.Entry<RegionKind, Integer> each : parts.entrySet()) {
            table.cell(each.getValue().toString()).cell(Sizes.human(regions.bytes(each.getKey()))).cell(each.getKey().name()).endOfRow();
        }
        table.print();
    }

    private void printParts(JvmRegions regions) throws IOException {
        Table table = new Table(terminal);
        table.left("RANGE").right("SIZE").left("REGION").left("WHAT").endOfHead();
        for (int i = 0; i < regions.size(); i++) {
            table.cell(Hex.range(regions.start(i), regions.end(i)))
                    .cell(Sizes.human(regions.end(i) - regions.start(i)))
                    .cell(regions.region(i) + (regions.isInferred(i) ? "?" : "")).cell(FileName.shown(regions.detail(i))).endOfRow();
        }
        table.print();
    }
}
