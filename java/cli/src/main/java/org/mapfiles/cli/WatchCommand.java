package org.mapfiles.cli;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.mapfiles.AccessRefusedException;
import org.mapfiles.MapDifference;
import org.mapfiles.MapEvent;
import org.mapfiles.MapEventKind;
import org.mapfiles.MapEvents;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessGoneException;
import org.mapfiles.ProcessMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What changes, as it changes: looks again and again, and has the kernel tell what it will of the time in between. */
@Command(name = "watch", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Tells which mappings a process makes, changes and gives up, until it ends; then with exit code 4.",
        footer = {"", "+ made, - given up, ~ changed, ! another program runs (exec), or something may be missing.",
            "Times are the kernel's where it tells of a change (perf events: see kernel.perf_event_paranoid), else those of"
                    + " the look that found it. What is made and given up between two looks is only seen where the kernel tells.",
            "After an exec, what the program before had is gone; that is not told one by one.",
            "A range comes with + again where it was made anew: that it was given up between two looks nobody tells. A change of"
                    + " permissions is + too where it was followed by another before the next look. What a look finds while the process"
                    + " changes may be half of it: the next line tells the rest.",
            "FILE (deleted) (or really so called): the kernel's mark, or part of the name; 'mapfiles maps' asks which.",
            "JSON: {\"time\":...,\"event\":\"added|removed|changed|exec|lost\",...} with the fields of 'mapfiles maps --json',"
                    + " and was_start, was_end and was_perms of what changed.",
            "", "Example: mapfiles watch 4711 --json"})
final class WatchCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Target.Converter.class, description = "The process; self: this JVM.")
    private Target target;

    @Option(names = "--interval", paramLabel = "MS", defaultValue = "200", description = "Milliseconds between looks; default: 200.")
    private int interval;

    @Option(names = "--look", description = "Only look: the process is not slowed down by having the kernel tell.")
    private boolean onlyLook;

    @Option(names = "--json", description = "JSON Lines, one change each.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    WatchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (interval < 1) {
            throw new ParameterException(spec.commandLine(), "--interval " + interval + " is below 1");
        }
        try (ProcessMaps maps = target.open(); MapEvents events = open(maps)) {
            new Watch(maps, events).goOn();
        }
        return Main.GONE;
    }

    /** Null where the kernel does not tell. */
    private MapEvents open(ProcessMaps maps) throws MapsException {
        try {
            return onlyLook ? null : MapEvents.open(maps, MapEvents.Option.DATA);
        } catch (ProcessGoneException gone) {
            throw gone;
        } catch (AccessRefusedException | NotSupportedException refused) {
            terminal.complain("changes are found by looking every " + interval + " ms: " + refused.getMessage());
            return null;
        }
    }

    /** One process, and what was seen of it. */
    private final class Watch {
        private final ProcessMaps maps;
        private final MapEvents events;
        private final ChangePrinter printer;
        private final long wallClock;
        private final List<Change> changes = new ArrayList<>();
        /** What the kernel told since the last look began; of equal ones the last. */
        private final Map<Shown, Change> told = new HashMap<>();
        private MapSnapshot before = new MapSnapshot();
        private MapSnapshot now;

        Watch(ProcessMaps maps, MapEvents events) throws IOException {
            this.maps = maps;
            this.events = events;
            this.printer = json ? new ChangePrinter.Json(maps.pid(), terminal.out()) : new ChangePrinter.Text(terminal.out());
            Instant wall = Instant.now();
            wallClock = wall.getEpochSecond() * 1_000_000_000 + wall.getNano() - System.nanoTime();
            now = maps.snapshot();
        }

        /** Until the process ends, which it says by an exception. */
        void goOn() throws IOException, InterruptedException {
            for (;;) {
                try {
                    rest();
                    print(look());
                } catch (ProcessGoneException ended) {
                    if (events != null) {
                        takeWhatIsTold(); // its last words
                    }
                    print(Long.MAX_VALUE);
                    throw ended;
                }
            }
        }

        /** What happened up to a time. The rest waits for the next look, which may know more of it. */
        private void print(long until) throws IOException {
            changes.sort(Comparator.comparingLong(Change::nanos));
            int count = 0;
            while (count < changes.size() && changes.get(count).nanos() <= until) {
                Change change = changes.get(count++);
                printer.print(change, wallClock + change.nanos());
            }
            if (count > 0) {
                terminal.flush();
            }
            changes.subList(0, count).clear();
            told.values().removeIf(change -> change.nanos() <= until);
        }

        private void rest() throws IOException, InterruptedException {
            if (events == null) {
                Thread.sleep(interval);
            } else {
                events.await(interval);
            }
        }

        /** When it began: what the kernel told later of may be in the picture, or not. */
        private long look() throws IOException {
            MapSnapshot next = before;
            before = now;
            now = next;
            long began = System.nanoTime();
            maps.read(now, MapFilter.all());
            if (events != null) {
                takeWhatIsTold();
            }
            if (isExecTold(began + 1, Long.MAX_VALUE)) { // a picture of both programs, perhaps: the next look tells
                now = before;
                before = next;
                return began;
            }
            Found found = new Found(began);
            MapDifference.visit(before.cursor(), now.cursor(), found);
            boolean isAnotherProgram = found.nothingStayed();
            if (isAnotherProgram && !isExecTold(0, began)) {
                changes.add(0, new Change(began, Change.Kind.EXEC));
            }
            if (isAnotherProgram || isExecTold(0, began)) {
                changes.removeIf(change -> change.kind() == Change.Kind.REMOVED);
                return began;
            }
            for (Change last : told.values()) {
                if (last.nanos() <= began && now.find(last.mapping().start) < 0 && !found.gone.contains(last.mapping())) {
                    changes.add(new Change(began, Change.Kind.REMOVED, last.mapping(), null)); // it came and went
                }
            }
            return began;
        }

        private boolean isExecTold(long from, long until) {
            return changes.stream().filter(change -> change.kind() == Change.Kind.EXEC)
                    .anyMatch(exec -> exec.nanos() >= from && exec.nanos() <= until);
        }

        private void takeWhatIsTold() {
            do {
                events.drain();
                for (MapEvent event = events.event(); event.next(); ) {
                    if (event.what() == MapEventKind.MAPPED) {
                        Change change = new Change(event.time(), Change.Kind.ADDED, Shown.of(event), null);
                        changes.add(change);
                        told.put(change.mapping(), change);
                    } else if (event.what() == MapEventKind.EXECUTED) {
                        changes.add(new Change(event.time(), Change.Kind.EXEC));
                    }
                }
                if (events.isIncomplete()) {
                    changes.add(new Change(System.nanoTime(), Change.Kind.LOST));
                }
            } while (events.hasMore());
        }

        /** The difference of two looks. What the kernel told of it too, with the time, is among the changes already. */
        private final class Found implements MapDifference.Visitor {
            private final long time;
            private final Set<Shown> gone = new HashSet<>();

            Found(long time) {
                this.time = time;
            }

            /** Only [vsyscall] is in every program. */
            boolean nothingStayed() {
                return !gone.isEmpty() && gone.size() >= before.size() - 1;
            }

            @Override
            public void added(Mapping mapping) {
                Shown shown = Shown.of(mapping);
                if (!told.containsKey(shown)) {
                    changes.add(new Change(time, Change.Kind.ADDED, shown, null));
                }
            }

            @Override
            public void removed(Mapping mapping) {
                Shown shown = Shown.of(mapping);
                gone.add(shown);
                changes.add(new Change(time, Change.Kind.REMOVED, shown, null));
            }

            @Override
            public void changed(Mapping was, Mapping mapping) {
                Shown shown = Shown.of(mapping);
                Change one = told.get(shown);
                if (one != null) {
                    changes.remove(one);
                }
                changes.add(new Change(one != null ? one.nanos() : time, Change.Kind.CHANGED, shown, Shown.of(was)));
            }
        }
    }
}
