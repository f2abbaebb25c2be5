package org.mapfiles.files;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.RootAccess;

/**
 * Groups of mappings of several processes that are the same memory, as of the time when they were read. Immutable and
 * thread-safe.
 *
 * <p>Mappings are in one group if they have the same kind and file, and map some of the same bytes of it. Device and
 * inode alone do not identify memory: a memfd and a System V segment may have the same numbers, as may segments of
 * different IPC namespaces and files on btrfs and overlayfs. {@link #undecided()} counts files that cannot be
 * identified; they are not listed.
 */
public final class SharedMappings {
    private final List<Group> groups;
    private final int undecided;

    private SharedMappings(List<Group> groups, int undecided) {
        this.groups = List.copyOf(groups);
        this.undecided = undecided;
    }

    /** A mapping of one process in a group. Immutable. */
    public static final class Range {
        private final ProcessMaps process;
        private final MapSnapshot snapshot;
        private final int index;
        private final long offset;
        private final long size;

        private Range(ProcessMaps process, MapSnapshot snapshot, MapCursor at) {
            this.process = process;
            this.snapshot = snapshot;
            this.index = at.index();
            this.offset = at.offset();
            this.size = at.size();
        }

        /** {@return the process: one of the list that was passed} */
        public ProcessMaps process() {
            return process;
        }

        /** {@return the mapping as of its snapshot} Allocates. */
        public Mapping mapping() {
            return cursor();
        }

        private MapCursor cursor() {
            return snapshot.cursor().seek(index);
        }
    }

    /** Mappings of at least two processes that share memory. Immutable. */
    public static final class Group {
        private final List<Range> ranges;

        private Group(List<Range> ranges) {
            this.ranges = List.copyOf(ranges);
        }

        /**
         * {@return at least two mappings, of at least two processes, in the order of the processes and of addresses}
         * Each maps some bytes that a mapping of another process maps too.
         */
        public List<Range> ranges() {
            return ranges;
        }
    }

    /** Kind, device and inode: mappings with equal numbers may be the same memory. */
    private record Numbers(Mapping.Kind kind, int deviceMajor, int deviceMinor, long inode) {
        Numbers(Mapping mapping) {
            this(mapping.kind(), mapping.deviceMajor(), mapping.deviceMinor(), mapping.inode());
        }
    }

    /**
     * Returns the groups of shared mappings of these processes: writes of one process reach the others.
     *
     * @param processes whose mappings are read, each once
     * @return the groups now
     * @throws IllegalArgumentException if a process is in the list twice
     * @throws IllegalStateException if a process is closed
     * @throws org.mapfiles.ProcessExitedException if a process has exited
     * @throws org.mapfiles.PermissionDeniedException if the mappings of a process may not be read
     * @throws MapsException if reading fails for another reason, as {@link ProcessMaps} describes
     */
    public static SharedMappings of(List<ProcessMaps> processes) throws MapsException {
        return of(processes, MapFilter.all().shared().fileBacked());
    }

    /**
     * Returns the groups of shared and private mappings of these processes. Unmodified pages are shared; modified pages
     * of private mappings are copies.
     *
     * @param processes whose mappings are read, each once
     * @return the groups now
     * @throws IllegalArgumentException if a process is in the list twice
     * @throws IllegalStateException if a process is closed
     * @throws org.mapfiles.ProcessExitedException if a process has exited
     * @throws org.mapfiles.PermissionDeniedException if the mappings of a process may not be read
     * @throws MapsException if reading fails for another reason, as {@link ProcessMaps} describes
     */
    public static SharedMappings withPrivate(List<ProcessMaps> processes) throws MapsException {
        return of(processes, MapFilter.all().fileBacked());
    }

    private static SharedMappings of(List<ProcessMaps> processes, MapFilter filter) throws MapsException {
        requireOnce(processes);
        Map<Numbers, List<Range>> candidates = new LinkedHashMap<>();
        for (ProcessMaps process : processes) {
            MapSnapshot snapshot = process.snapshot(filter.by(Backend.TEXT));
            for (MapCursor at = snapshot.cursor(); at.next(); ) {
                candidates
                        .computeIfAbsent(new Numbers(at), numbers -> new ArrayList<>())
                        .add(new Range(process, snapshot, at));
            }
        }
        List<Group> groups = new ArrayList<>();
        int undecided = 0;
        for (List<Range> sameNumbers : candidates.values()) {
            List<Range> overlapping = overlapping(sameNumbers);
            Map<Long, List<Range>> byDomain = overlapping.isEmpty() ? Map.of() : byDomain(overlapping);
            undecided += byDomain.containsKey(0L) ? 1 : 0;
            for (Map.Entry<Long, List<Range>> domain : byDomain.entrySet()) {
                List<Range> shared = domain.getKey() == 0 ? List.of() : overlapping(domain.getValue());
                if (!shared.isEmpty()) {
                    groups.add(new Group(shared));
                }
            }
        }
        return new SharedMappings(groups, undecided);
    }

    /** Memory of one process that is listed twice would be shared with itself. */
    private static void requireOnce(List<ProcessMaps> processes) {
        Set<Object> seen = new HashSet<>();
        for (ProcessMaps process : processes) {
            int pidAtProc = RootAccess.get().pidAtProc(Objects.requireNonNull(process, "a process"));
            if (!seen.add(pidAtProc > 0 ? pidAtProc : process)) {
                throw new IllegalArgumentException("process " + process.pid() + " is in the list twice: pass it once");
            }
        }
    }

    /** Returns the ranges that map some of the same bytes as a range of another process. */
    private static List<Range> overlapping(List<Range> ranges) {
        List<ProcessMaps> processes = new ArrayList<>();
        int[] owners = new int[ranges.size()];
        long[] starts = new long[ranges.size()];
        long[] ends = new long[ranges.size()];
        for (int i = 0; i < owners.length; i++) {
            Range range = ranges.get(i);
            if (!processes.contains(range.process)) {
                processes.add(range.process);
            }
            owners[i] = processes.indexOf(range.process);
            starts[i] = range.offset;
            ends[i] = range.offset + range.size;
        }
        boolean[] overlaps = Overlaps.withOthers(owners, starts, ends);
        List<Range> overlapping = new ArrayList<>();
        for (int i = 0; i < overlaps.length; i++) {
            if (overlaps[i]) {
                overlapping.add(ranges.get(i));
            }
        }
        return overlapping;
    }

    /** Returns the ranges by sharing domain, 0: unknown. One query for each process and file. */
    private static Map<Long, List<Range>> byDomain(List<Range> ranges) throws MapsException {
        Map<Long, List<Range>> byDomain = new TreeMap<>();
        ProcessMaps process = null;
        MapFiles files = null;
        int file = -1;
        long domain = 0;
        for (Range range : ranges) {
            MapCursor mapping = range.cursor();
            if (range.process != process) {
                process = range.process;
                files = MapFiles.of(process);
                file = -1;
            }
            if (mapping.fileIndex() != file) {
                file = mapping.fileIndex();
                try {
                    domain = files.sharingDomain(mapping);
                } catch (StaleMappingException unmapped) {
                    file = -1;
                    continue;
                }
            }
            byDomain.computeIfAbsent(domain, number -> new ArrayList<>()).add(range);
        }
        return byDomain;
    }

    /** {@return the groups, in the order of the first process of each and of addresses} The list is immutable. */
    public List<Group> groups() {
        return groups;
    }

    /**
     * {@return the number of files that may be shared and are not listed, because device and inode do not identify
     * them} These are files on btrfs and overlayfs, and devices. Without the permission to follow map_files entries
     * also deleted files and System V segments.
     */
    public int undecided() {
        return undecided;
    }
}
