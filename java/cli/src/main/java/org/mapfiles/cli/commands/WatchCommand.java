package org.mapfiles.cli.commands;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.ChangePrinter;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Target;
import org.mapfiles.events.MapEvents;
import org.mapfiles.timeline.MapChange;
import org.mapfiles.timeline.MapChanges;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the changes of a process' mappings: from polls, and from the kernel's events of the time between them. */
@Command(name = "watch", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Prints which mappings a process makes, changes and unmaps, until it ends; then with exit code 4.",
        footer = {"", "= mapped at the start (--initial), + added, - removed, ~ changed, ! another program runs (exec), or changes may be"
                    + " missing up to here.",
            "The kernel reports new mappings and new permissions with their exact time (perf events: see kernel.perf_event_paranoid). All"
                    + " else is found by polls. A time with ? is not exact: the change had happened by then. What is mapped and unmapped"
                    + " between two polls is found only if the kernel reports it.",
            "", "Replay: each line can be applied to the mappings that the lines before it left, and no two mappings ever overlap. + adds a"
                    + " mapping, - removes the one of that range, ~ replaces the one that was. After the lines of a poll these are"
                    + " exactly the mappings that were read. What the process changes during a poll may come with the next one."
                    + " Start with --initial, or with 'mapfiles maps --json' of a process that does not change.",
            "If a mapping is split, one part is a change of it, and the others are added (split). If mappings are merged, all but one are"
                    + " removed (merged), and that one is changed. A mapping that is made anew at the same place is removed and added."
                    + " After an exec all mappings of the program before are removed.",
            "FILE (deleted) (or really so called): the kernel's mark, or part of the name; 'mapfiles maps' asks which.",
            "JSON: {\"time\":...,\"event\":\"present|added|removed|changed|exec|lost\",\"exact\":...} with the fields of 'mapfiles maps"
                    + " --json'. after, if the time is not exact: the change happened between that and time. continued, of what is added"
                    + " or removed: by a split or a merge. was_start, was_end and was_perms of what changed.",
            "", "Example: mapfiles watch 4711 --initial --json"})
public final class WatchCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--interval", paramLabel = "MS", defaultValue = "200", description = "Milliseconds between polls; default: 200.")
    private int interval;

    @Option(names = "--look", description = "Poll only: do not use the kernel's events.")
    private boolean onlyLook;

    @Option(names = "--initial", description = "Print the mappings at the start first.")
    private boolean initial;

    @Option(names = "--json", description = "JSON Lines, one change each.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    public WatchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (interval < 1) {
            throw new ParameterException(spec.commandLine(), "--interval " + interval + " is below 1");
        }
        try (ProcessMaps maps = target.open(); MapEvents events = open(maps)) {
            new Watch(maps, events).run();
        }
        return ExitCode.EXITED;
    }

    /** Null where the kernel does not tell. */
    private MapEvents open(ProcessMaps maps) throws MapsException {
        try {
            return onlyLook ? null : MapEvents.open(maps, MapEvents.Option.DATA);
        } catch (ProcessExitedException gone) {
            throw gone;
        } catch (MapsException refused) { // permission, descriptors, memory, or threads that end before they can be listed
            terminal.complain("polling every " + interval + " ms, without events of the kernel: " + refused.getMessage());
            return null;
        }
    }

    /** One process that is watched. */
    private final class Watch {
        private final MapEvents events;
        private final MapChanges changes;
        private final ChangePrinter printer;
        /** Nanoseconds of the wall clock at the time 0 of changes. */
        private final long wallClock;

        Watch(ProcessMaps maps, MapEvents events) throws IOException {
            this.events = events;
            this.printer = json ? new ChangePrinter.Json(maps.pid(), terminal.out()) : new ChangePrinter.Text(terminal.out());
            Instant wall = Instant.now();
            wallClock = wall.getEpochSecond() * 1_000_000_000 + wall.getNano() - System.nanoTime();
            changes = MapChanges.of(maps, events);
        }

        /** Until the process ends, which is reported by an exception. */
        void run() throws IOException, InterruptedException {
            if (initial) {
                long now = System.nanoTime();
                for (ImmutableMapping mapping : changes.mappings()) {
                    printer.printPresent(mapping, wallClock + now);
                }
                terminal.flush();
            }
            for (;;) {
                try {
                    rest();
                    print(changes.poll());
                } catch (ProcessExitedException ended) {
                    print(changes.drain()); // what it did last
                    throw ended;
                }
            }
        }

        private void print(List<MapChange> list) throws IOException {
            for (MapChange change : list) {
                printer.print(change, wallClock);
            }
            if (!list.isEmpty()) {
                terminal.flush();
            }
        }

        private void rest() throws IOException, InterruptedException {
            if (events == null) {
                Thread.sleep(interval);
            } else {
                events.await(interval);
            }
        }
    }
}
