package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.PageMapping;
import org.mapfiles.cli.output.PageState;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;

/**
 * An argument of {@code html}: a process as {@link Target} names it, or a file that records mappings.
 *
 * @param state for the page
 * @param identity of the process
 * @param owner compares samples with the process
 * @param isWhole whether nothing of it is missing
 */
public record PageArgument(PageState state, ProcessIdentity identity, SampleOwner owner, boolean isWhole) {
    /**
     * Reads the state.
     *
     * @param hasRegions whether a JVM's regions are read
     * @throws UsageException if the argument is neither a file nor a process
     */
    public static PageArgument read(String argument, boolean hasRegions, Terminal terminal) throws IOException {
        if (StateArgument.isFile(argument)) {
            return ofFile(argument, terminal);
        }
        Target target = StateArgument.target(argument);
        try (ProcessMaps maps = target.open()) {
            return ofProcess(maps, SampleOwner.of(target), hasRegions, terminal);
        }
    }

    private static PageArgument ofFile(String argument, Terminal terminal) throws IOException {
        String label = Arguments.display(argument);
        ArgumentFile file = new ArgumentFile(Path.of(argument));
        WatchRecording recording = WatchRecording.read(file, label, terminal);
        if (recording != null) {
            return new PageArgument(
                    recording.state(), ProcessIdentity.UNKNOWN, SampleOwner.ofSaved(-1), recording.isWhole());
        }
        ProcessState saved = SavedFile.readState(argument, file, terminal);
        List<PageMapping> mappings = new ArrayList<>();
        saved.entries().forEach(entry -> mappings.add(PageMapping.of(entry)));
        int all = mappings.size();
        mappings.removeIf(mapping -> !mapping.isAligned());
        if (mappings.size() < all) {
            terminal.report(label + ": " + (all - mappings.size())
                    + " mappings are left out: their ranges are no multiples of 4096 bytes");
        }
        ProcessIdentity process = saved.identity();
        String title = process.name().length == 0 ? label : label + " (" + title(process) + ")";
        PageState state = new PageState(title, saved.time(), process.pid(), mappings, List.of());
        return new PageArgument(
                state, process, SampleOwner.ofSaved(state.pid()), saved.isWhole() && mappings.size() == all);
    }

    private static PageArgument ofProcess(ProcessMaps maps, SampleOwner owner, boolean hasRegions, Terminal terminal)
            throws IOException {
        ProcessState read = StateArgument.read(maps, terminal);
        if (!read.isWhole()) {
            terminal.report("mappings changed while they were read: some may be missing, or shown in two states");
        }
        JvmRegions regions = hasRegions ? regions(maps, terminal) : null;
        List<PageMapping> mappings = new ArrayList<>();
        if (regions == null) {
            read.entries().forEach(entry -> mappings.add(PageMapping.of(entry)));
        } else {
            boolean hasPages = read.entries().stream().allMatch(entry -> entry.rss() >= 0);
            new Parts(maps, regions, hasPages).split(read.entries(), mappings);
        }
        PageState state = new PageState(title(read.identity()), read.time(), maps.pid(), mappings, List.of());
        return new PageArgument(state, read.identity(), owner, read.isWhole());
    }

    private static String title(ProcessIdentity process) {
        return process.pid() + " " + Printable.text(process.name());
    }

    /**
     * Returns the regions of a JVM; null: the process is none, or its regions cannot be read. Throws if it has exited.
     */
    static JvmRegions regions(ProcessMaps maps, Terminal terminal) throws IOException {
        try {
            return maps.pid() == ProcessHandle.current().pid() ? JvmRegions.read() : JvmRegions.read(maps);
        } catch (NotSupportedException noJvm) {
            return null;
        } catch (ProcessExitedException | NotEnoughMemoryException e) {
            throw e;
        } catch (MapsException e) {
            terminal.report("the regions of the JVM are unknown: " + e.getMessage());
            return null;
        }
    }

    /** Splits mappings where a JVM uses parts of them for different purposes. */
    private static final class Parts {
        /** A region may end within a page. The page is shown as part of the next one. */
        private static final long UNIT = 4096;

        private final JvmRegions regions;
        private final ResidentPages pages = ResidentPages.withoutCopies();
        private final ResidentBytes sums = new ResidentBytes();
        private final boolean hasPages;

        Parts(ProcessMaps maps, JvmRegions regions, boolean hasPages) throws MapsException {
            this.regions = regions;
            this.hasPages = hasPages;
            if (hasPages) {
                MapSnapshot snapshot = maps.snapshot();
                pages.read(maps, snapshot);
            }
        }

        void split(List<StateEntry> entries, List<PageMapping> to) {
            int region = 0;
            for (StateEntry entry : entries) {
                long from = entry.start();
                while (region < regions.size() && Long.compareUnsigned(regions.end(region), from) <= 0) {
                    region++;
                }
                for (int i = region; i < regions.size(); i++) {
                    long start = regions.start(i) & -UNIT;
                    if (Long.compareUnsigned(start, entry.end()) >= 0) {
                        break;
                    }
                    if (Long.compareUnsigned(start, from) > 0) {
                        add(entry, from, start, -1, to);
                        from = start;
                    }
                    long end = Long.compareUnsigned(regions.end(i), entry.end()) < 0
                            ? regions.end(i) & -UNIT
                            : entry.end();
                    if (Long.compareUnsigned(from, end) < 0) {
                        add(entry, from, end, i, to);
                        from = end;
                    }
                }
                if (from != entry.end()) {
                    add(entry, from, entry.end(), -1, to);
                }
            }
        }

        private void add(StateEntry entry, long start, long end, int region, List<PageMapping> to) {
            boolean isWhole = start == entry.start() && end == entry.end();
            sums.clear();
            if (hasPages && !isWhole) {
                pages.add(start, end, sums);
            }
            to.add(new PageMapping(
                    start,
                    end,
                    entry,
                    isWhole ? entry.rss() : hasPages ? sums.rss() : -1,
                    region < 0 ? null : JsonLines.constant(regions.region(region)),
                    region < 0 ? "" : regions.detail(region),
                    region >= 0 && regions.isInferred(region)));
        }
    }
}
