package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.jvm.JvmRegions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reports the use of the memory of JVMs. */
@Command(
        name = "jvm",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {"Reports what the memory of a JVM is for.", "", "Example: mapfiles jvm 4711 --rss", ""},
        footer = {
            "",
            "The JVM is read from outside: nothing is loaded into it, and no signal is sent. It may be stopped, frozen or"
                    + " in a container. This needs the same user, or root.",
            "--attach has an effect on the JVM. It sends diagnostic commands as jcmd does. The first use sends SIGQUIT to"
                    + " the JVM, which starts the thread Attach Listener and makes /tmp/.java_pidPID; both stay.",
            "RESERVED is address space, COMMITTED the part that may be accessed, RSS the part in memory. A ? marks a use"
                    + " that is inferred. UNKNOWN: nothing records the use. With --pss a ?"
                    + " is an unknown number: the part is not a whole mapping.",
            "JSON: rows of type jvm_region, one for each part."
        })
public final class JvmCommand implements Callable<Integer> {
    @Mixin
    private final TargetOptions targets = new TargetOptions();

    @Option(
            names = "--region",
            paramLabel = "REGION",
            converter = Converters.OfRegions.class,
            completionCandidates = RegionNames.class,
            description = "Only regions such as gc or java_heap,malloc.")
    private ConstantSet<JvmRegions.Kind> only;

    @Mixin
    private final MemoryOptions memory = new MemoryOptions();

    @Mixin
    private final OrderOptions order = new OrderOptions();

    @Option(names = "--all-parts", description = "Each part in a row; small parts are not grouped.")
    private boolean allParts;

    @Option(names = "--attach", description = "Also send diagnostic commands to the JVM: see below.")
    private boolean attach;

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public JvmCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        return targets.forEach(terminal, this::report);
    }

    private void report(ProcessMaps maps) throws IOException {
        MemoryColumns columns = memory.columns(order.needsRss());
        JvmRegions regions = read(maps);
        JvmMemory sums = columns.hasRss() ? new JvmMemory(maps, regions, columns) : null;
        List<JvmPart> parts = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            if (only == null || only.values().contains(regions.region(i))) {
                parts.add(new JvmPart(regions, i, sums));
            }
        }
        List<JvmPart> listed = listed(parts, columns);
        if (screen.isJson()) {
            printJson(maps.pid(), listed, columns);
        } else {
            targets.printHeading(terminal, maps, screen.isWide());
            JvmTables tables = new JvmTables(columns, order.isByRss(columns), screen, terminal);
            tables.printRegions(parts, sums);
            terminal.out().write('\n');
            if (allParts || order.isOrdered()) {
                tables.printParts(listed);
            } else {
                tables.printGroups(parts);
            }
        }
    }

    /** Returns the parts that the order leaves. If the largest are first, the parts of the largest region are. */
    private List<JvmPart> listed(List<JvmPart> parts, MemoryColumns columns) {
        if (!order.isOrdered()) {
            return parts;
        }
        TopRows<JvmPart> top = order.rows(columns);
        parts.forEach(top::add);
        List<JvmPart> listed = top.sorted();
        if (order.isLargestFirst()) {
            boolean byRss = order.isByRss(columns);
            Map<JvmRegions.Kind, Long> sums = new EnumMap<>(JvmRegions.Kind.class);
            parts.forEach(part -> sums.merge(part.region(), byRss ? part.rss() : part.size(), Long::sum));
            listed.sort(Comparator.<JvmPart>comparingLong(part -> -sums.get(part.region()))
                    .thenComparing(JvmPart::region));
        }
        return listed;
    }

    private JvmRegions read(ProcessMaps maps) throws IOException {
        if (maps.pid() == ProcessHandle.current().pid()) {
            return JvmRegions.read();
        }
        return attach ? JvmRegions.readAttached(maps) : JvmRegions.read(maps);
    }

    private void printJson(int pid, List<JvmPart> parts, MemoryColumns columns) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (JvmPart part : parts) {
            lines.beginRow("jvm_region", pid)
                    .range(part.start(), part.end())
                    .text("region", JsonLines.constant(part.region()))
                    .textOrNull("detail", part.detail())
                    .bool("inferred", part.isInferred());
            if (columns.hasRss()) {
                columns.json(lines.number("committed", part.committed()), part.memory());
            }
            lines.end();
        }
    }

    /** The regions, for completion. */
    static final class RegionNames extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        RegionNames() {
            super(ConstantSet.names(JvmRegions.Kind.class));
        }
    }
}
