package org.mapfiles.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.Region;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a JVM's memory is for. */
@Command(name = "jvm", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Tells what each part of a JVM's memory is for: heap, code, classes, stacks, libraries, ...",
        footer = {"", "Another JVM is asked by attaching to it, which takes Java 17 or newer on both sides and the same"
                + " user, or root. From Java 21 on it says on its standard error that an agent was loaded, from 24"
                + " on that native code is used; -XX:+EnableDynamicAgentLoading and"
                + " --enable-native-access=ALL-UNNAMED keep it quiet. What is only told by what memory looks like"
                + " is marked with ?, in JSON as inferred. What nobody tells is UNKNOWN: most of what a collector has"
                + " beside the heap, unless that JVM was started with -XX:NativeMemoryTracking=detail.",
            "Question and answer go through ~/.cache/mapfiles or, where root asks a JVM of another user, /run/mapfiles. In that JVM"
                    + " one class and this library stay until it ends, after 'resolve --jvm' address space of some 140 MiB, too,"
                    + " little of it used, and code compiled later has more debug information. Nothing goes on running there.",
            "Sizes are of address space, reserved or used, not of memory in use: most of MALLOC is what its arenas keep in reserve, and"
                + " the heap of ZGC, where that is not generational (up to JDK 22 unless asked for), is mapped three times.",
            "JSON: start and end as \"0x...\"; region; detail, empty for none; inferred.",
            "", "Example: mapfiles jvm 4711 --json"})
final class JvmCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--json", description = "JSON Lines, one part each, in order of address.")
    private boolean json;

    private final Terminal terminal;

    JvmCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        List<JvmPart> parts = read();
        if (json) {
            printJson(parts);
        } else {
            printSums(parts);
            terminal.out().write('\n');
            printParts(parts);
        }
        return Main.OK;
    }

    private List<JvmPart> read() throws IOException {
        try (ProcessMaps maps = target.open()) {
            return maps.pid() == ProcessHandle.current().pid() ? JvmPart.of(JvmRegions.read()) : new AttachedJvm(maps).parts();
        }
    }

    private void printJson(List<JvmPart> parts) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (JvmPart part : parts) {
            lines.begin().hex("start", part.start()).hex("end", part.end()).text("region", part.region()).text("detail", part.detail())
                    .bool("inferred", part.isInferred()).end();
        }
        lines.close();
    }

    private void printSums(List<JvmPart> parts) throws IOException {
        Map<Region, long[]> sums = new TreeMap<>();
        for (JvmPart part : parts) {
            long[] sum = sums.computeIfAbsent(Region.valueOf(part.region()), region -> new long[2]);
            sum[0]++;
            sum[1] += part.size();
        }
        Table table = new Table(terminal);
        table.right("PARTS").right("SIZE").left("REGION").endOfHead();
        for (Map.Entry<Region, long[]> sum : sums.entrySet()) {
            table.cell(Long.toString(sum.getValue()[0])).cell(Sizes.human(sum.getValue()[1])).cell(sum.getKey().name()).endOfRow();
        }
        table.print();
    }

    private void printParts(List<JvmPart> parts) throws IOException {
        Table table = new Table(terminal);
        table.left("RANGE").right("SIZE").left("REGION").left("WHAT").endOfHead();
        for (JvmPart part : parts) {
            table.cell(Long.toHexString(part.start()) + "-" + Long.toHexString(part.end())).cell(Sizes.human(part.size()))
                    .cell(part.region() + (part.isInferred() ? "?" : "")).cell(FileName.shown(part.detail())).endOfRow();
        }
        table.print();
    }
}
