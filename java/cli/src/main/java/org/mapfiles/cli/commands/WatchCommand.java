package org.mapfiles.cli.commands;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.ChangeJson;
import org.mapfiles.cli.output.ChangePrinter;
import org.mapfiles.cli.output.ChangeText;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.PositiveNumber;
import org.mapfiles.cli.target.Target;
import org.mapfiles.events.MapEvents;
import org.mapfiles.timeline.MapChange;
import org.mapfiles.timeline.MapChanges;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the changes of a process' mappings, from polls and from the kernel's events. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Prints which mappings a process makes, changes and unmaps, until the process exits. The exit"
                + " code is then 4.",
        footer = {
            "",
            "+ added, - removed, ~ changed, = mapped at the start (--initial), ! another program runs"
                    + " (execve), or changes may be missing up to here. A ? after the time: the time is not exact; the"
                    + " change had happened by then.",
            "The kernel reports new mappings and new permissions with exact times (perf events: see"
                    + " kernel.perf_event_paranoid). All other changes are found by polls. A mapping that is made and unmapped"
                    + " between two polls is reported only if the kernel reports it.",
            "A mapping that is split is changed, and its other parts are added (split). If mappings are merged, one is changed"
                    + " and the others are removed (merged). A new mapping at the place of another is removed and added. After"
                    + " an execve all mappings of the program before are removed.",
            "Replay: apply each line to the mappings that the lines before it left. No two mappings overlap at any step. After"
                    + " the lines of a poll the result is exactly the mappings that the poll read. Start with --initial.",
            "FILE (deleted?): the file is deleted, or its name ends in (deleted). 'mapfiles maps' queries the kernel for that.",
            "",
            "JSON: one row for each change, of type present, added, removed, changed, exec or lost. Fields: version, type,"
                    + " pid, time, exact, after: the change happened between after and time, null if time is exact. Rows about"
                    + " a mapping have the fields of 'mapfiles maps --json'; added and removed also continued: by a split or a"
                    + " merge; changed also was_start, was_end, was_perms.",
            "",
            "Example: mapfiles watch 4711 --initial --json"
        })
public final class WatchCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that" + " runs this command.")
    private Target target;

    @Option(
            names = "--interval",
            paramLabel = "MS",
            defaultValue = "200",
            converter = PositiveNumber.Converter.class,
            description = "Milliseconds between polls, at least" + " 1; default: 200.")
    private int interval;

    @Option(names = "--poll", description = "Poll only: do not use the kernel's events.")
    private boolean pollOnly;

    @Option(names = "--initial", description = "Print the mappings at the start first.")
    private boolean initial;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    private final Terminal terminal;

    public WatchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (ProcessMaps maps = target.open();
                MapEvents events = open(maps)) {
            new Watch(maps, events).run();
        }
        return ExitCode.EXITED;
    }

    /** Returns null if the kernel reports no events: then it only polls. */
    private MapEvents open(ProcessMaps maps) throws MapsException {
        try {
            return pollOnly ? null : MapEvents.open(maps, MapEvents.Option.DATA);
        } catch (ProcessExitedException exited) {
            throw exited;
        } catch (MapsException noEvents) {
            // A missing permission, too few descriptors or too little memory, or threads that exit too soon.
            terminal.report(
                    "polling every " + interval + " ms, without events of the kernel: " + noEvents.getMessage());
            return null;
        }
    }

    /** The watch of one process. */
    private final class Watch {
        private final MapEvents events;
        private final MapChanges changes;
        private final ChangePrinter printer;
        /** Nanoseconds of the wall clock at the time 0 of changes. */
        private final long wallClock;

        Watch(ProcessMaps maps, MapEvents events) throws IOException {
            this.events = events;
            this.printer = json ? new ChangeJson(maps.pid(), terminal.out()) : new ChangeText(terminal.out());
            Instant wall = Instant.now();
            wallClock = wall.getEpochSecond() * 1_000_000_000 + wall.getNano() - System.nanoTime();
            changes = events == null ? MapChanges.of(maps) : MapChanges.of(maps, events);
        }

        /** Runs until the process exits, which throws an exception. */
        void run() throws IOException, InterruptedException {
            if (initial) {
                long now = System.nanoTime();
                for (ImmutableMapping mapping : changes.mappings()) {
                    printer.printPresent(mapping, wallClock + now);
                }
                terminal.flush();
            }
            for (; ; ) {
                try {
                    pause();
                    print(changes.poll());
                } catch (ProcessExitedException exited) {
                    print(changes.drain()); // its last changes
                    throw exited;
                }
            }
        }

        private void print(List<MapChange> list) throws IOException {
            for (MapChange change : list) {
                printer.print(change, wallClock);
            }
            if (!list.isEmpty()) {
                terminal.flush();
            } else {
                terminal.checkReader();
            }
        }

        private void pause() throws IOException, InterruptedException {
            if (events == null) {
                Thread.sleep(interval);
            } else {
                events.await(interval);
            }
        }
    }
}
