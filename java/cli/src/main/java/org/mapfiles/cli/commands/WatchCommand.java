package org.mapfiles.cli.commands;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.ChangeJson;
import org.mapfiles.cli.output.ChangePrinter;
import org.mapfiles.cli.output.ChangeSummary;
import org.mapfiles.cli.output.ChangeText;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Processes;
import org.mapfiles.cli.target.Target;
import org.mapfiles.events.MapEvents;
import org.mapfiles.timeline.MapChange;
import org.mapfiles.timeline.MapChanges;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the changes of a process' mappings, from polls and from the kernel's events. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Prints the changes of the mappings of processes.",
            "",
            "Example: mapfiles watch 4711 --duration 60",
            ""
        },
        footer = {
            "",
            "+ added, - removed, ~ changed, = mapped at the start, * several changes of one name, ! another program runs"
                    + " (execve) or changes may be missing. ? after the time: it had happened by then.",
            "The kernel's events have exact times. Polls find all other changes. A mapping that is made and unmapped"
                    + " between two polls is reported only by events.",
            "It ends when the processes exit, after --duration, or by Ctrl-C, with a summary. The exit code is 0; 130:"
                    + " after Ctrl-C; 4: there was no such process. It does not wait for a process to start.",
            "Of several processes, each line has the PID.",
            "Replay: start with --initial, use --each or --json, apply each line.",
            "JSON: rows of type present, added, removed, changed, exec, lost."
        })
public final class WatchCommand implements Callable<Integer> {
    private static final long NANOS = 1_000_000_000;

    @Parameters(paramLabel = "PID|self", arity = "1..*", description = TargetOptions.DESCRIPTION + ".")
    private List<String> arguments = new ArrayList<>();

    @Option(
            names = "--interval",
            paramLabel = "MS",
            converter = Converters.OfNumber.class,
            description = "Milliseconds between polls; default: 200.")
    private int interval = 200;

    @Option(
            names = "--duration",
            paramLabel = "S",
            converter = Converters.OfNumber.class,
            description = "End after S seconds.")
    private Integer duration;

    @Option(names = "--poll", description = "Poll only: do not use the kernel's events.")
    private boolean pollOnly;

    @Option(names = "--initial", description = "Print the mappings at the start first.")
    private boolean initial;

    @Option(names = "--each", description = "One line for each change, as it comes.")
    private boolean each;

    @Mixin
    private final MappingOptions selection = new MappingOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;
    private int failure = ExitCode.OK;

    public WatchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        List<Target> targets = TargetOptions.targets(arguments);
        List<Watch> watches = new ArrayList<>();
        try (Interruption interruption = new Interruption()) {
            for (Target target : targets) {
                try {
                    Watch watch = new Watch(target.open(), targets.size() > 1);
                    watches.add(watch);
                    watch.begin();
                } catch (MapsException e) {
                    fail(target.toString(), e, targets.size());
                }
            }
            watch(new ArrayList<>(watches), targets, interruption);
        } finally {
            watches.forEach(Watch::close);
        }
        return failure;
    }

    /** Polls the processes until they have exited, the time is over, or the user ends it. */
    private void watch(List<Watch> active, List<Target> targets, Interruption interruption) throws IOException {
        long start = System.nanoTime();
        long end = duration == null ? Long.MAX_VALUE : duration * NANOS;
        String why = "interrupted";
        try {
            while (!active.isEmpty() && !interruption.hasCome()) {
                long left = end - (System.nanoTime() - start);
                if (left <= 0) {
                    why = "";
                    break;
                }
                int millis = (int) Math.min(interval, 1 + left / 1_000_000);
                if (targets.size() == 1) {
                    active.get(0).pause(millis);
                } else {
                    Thread.sleep(millis);
                }
                for (Iterator<Watch> each = active.iterator(); each.hasNext(); ) {
                    Watch watch = each.next();
                    try {
                        if (watch.poll()) {
                            continue;
                        }
                    } catch (MapsException e) {
                        fail(Integer.toString(watch.maps.pid()), e, targets.size());
                    }
                    each.remove();
                }
            }
        } catch (InterruptedException e) {
            why = "interrupted";
        }
        for (Watch watch : active) {
            watch.end(why.isEmpty() ? "watched process " + watch.maps.pid() : why);
        }
    }

    /** Of several processes the others are watched, unless this one has too little memory. */
    private void fail(String process, MapsException e, int processes) throws IOException {
        if (processes == 1 || e instanceof NotEnoughMemoryException) {
            throw e;
        }
        TargetOptions.report(terminal, process, e);
        failure = ExitCode.first(failure, ExitCode.of(e));
    }

    /** The watch of one process. */
    private final class Watch {
        private final ProcessMaps maps;
        private final MapEvents events;
        private final MapChanges changes;
        private final ChangePrinter printer;
        private final ChangeSummary summary = new ChangeSummary();
        private final long start = System.nanoTime();
        /** Nanoseconds of the wall clock at the time 0 of changes. */
        private final long wallClock;

        private final boolean isOneOfSeveral;
        /** Why the kernel's events are not used; null: they are. */
        private String noEvents;

        /** Watches a process; closes it if this fails. */
        Watch(ProcessMaps maps, boolean isOneOfSeveral) throws IOException {
            this.maps = maps;
            this.isOneOfSeveral = isOneOfSeveral;
            MapEvents opened = null;
            try {
                opened = open();
                events = opened;
                printer = screen.isJson()
                        ? new ChangeJson(maps.pid(), terminal.out())
                        : new ChangeText(terminal, isOneOfSeveral ? maps.pid() : 0, each, screen.isWide());
                Instant wall = Instant.now();
                wallClock = wall.getEpochSecond() * NANOS + wall.getNano() - System.nanoTime();
                changes = events == null ? MapChanges.of(maps) : MapChanges.of(maps, events);
            } catch (IOException | RuntimeException | Error e) {
                if (opened != null) {
                    opened.close();
                }
                maps.close();
                throw e;
            }
        }

        /** Returns null if the kernel reports no events: then it only polls. */
        private MapEvents open() throws MapsException {
            if (pollOnly) {
                noEvents = "--poll is given";
                return null;
            }
            try {
                return MapEvents.open(maps, MapEvents.Option.DATA);
            } catch (ProcessExitedException exited) {
                throw exited;
            } catch (MapsException denied) {
                // A missing permission, too few descriptors or too little memory, or threads that exit too soon.
                noEvents = denied.getMessage();
                return null;
            }
        }

        void close() {
            if (events != null) {
                events.close();
            }
            maps.close();
        }

        /** Reports what is watched and how, and prints the mappings of the start. */
        void begin() throws IOException {
            List<ImmutableMapping> present = changes.mappings();
            terminal.report("watching process " + Processes.label(maps.pid()) + ", "
                    + present.size() + " mappings: "
                    + (events == null
                            ? "polling every " + interval + " ms, without events of the kernel: " + noEvents
                            : "by events of the kernel, and by polls every " + interval + " ms"));
            if (initial) {
                long now = System.nanoTime();
                for (ImmutableMapping mapping : present) {
                    if (isSelected(mapping)) {
                        printer.printPresent(mapping, wallClock + now);
                    }
                }
                terminal.flush();
            }
        }

        /** Prints the changes since the last poll. Returns false after the process has exited. */
        boolean poll() throws IOException {
            try {
                print(changes.poll());
                return true;
            } catch (ProcessExitedException exited) {
                print(changes.drain()); // its last changes
                end("process " + maps.pid() + " has exited");
                return false;
            }
        }

        private void print(List<MapChange> list) throws IOException {
            for (MapChange change : list) {
                if (change.mapping() == null || isSelected(change.mapping()) || isSelected(change.previous())) {
                    printer.print(change, wallClock);
                    summary.add(change);
                }
            }
            if (list.isEmpty()) {
                printer.flush();
                terminal.flush();
                terminal.checkReader();
            } else {
                terminal.flush();
            }
        }

        private boolean isSelected(Mapping mapping) {
            return mapping != null && selection.mayMatch(mapping);
        }

        /** Prints the summary: as the last line, or on stderr beside JSON. */
        void end(String why) throws IOException {
            printer.flush();
            String text = (isOneOfSeveral && why.equals("interrupted") ? "process " + maps.pid() + " " : "")
                    + why
                    + String.format(Locale.ROOT, ", %.1f s: ", (System.nanoTime() - start) / 1e9)
                    + summary.text();
            if (screen.isJson()) {
                terminal.flush();
                terminal.report(text);
            } else {
                terminal.prose(text, screen.isWide());
                terminal.flush();
            }
        }

        /** Waits for changes. An event ends the wait. */
        void pause(int millis) throws IOException, InterruptedException {
            if (events == null) {
                Thread.sleep(millis);
            } else {
                WatchCommand.await(events, millis);
            }
        }
    }

    /** Waits for events. The end of the process ends the wait: the next poll reports it. */
    static void await(MapEvents events, int millis) throws MapsException {
        try {
            events.await(millis);
        } catch (ProcessExitedException exited) {
            // The poll before has drained the last event, after it read the mappings of a process that still ran.
        }
    }
}
