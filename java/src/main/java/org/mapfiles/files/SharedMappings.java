package org.mapfiles.files;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.Backend;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingKind;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Which mappings of several processes are the same memory. Immutable: as it was when it was made.
 *
 * <p>Mappings belong together when they are of one kind and one file, and show some of the same bytes of it. That is never
 * concluded from numbers that do not prove it: a memfd and a System V segment may have the same inode on the same device, and
 * so may two segments of different IPC namespaces, and files on btrfs and overlayfs. What these hide is counted by
 * {@link #undecided()}, not listed.
 */
public final class SharedMappings {
    private final List<Group> groups;
    private final int undecided;

    private SharedMappings(List<Group> groups, int undecided) {
        this.groups = List.copyOf(groups);
        this.undecided = undecided;
    }

    /** Where one process has some of the memory. */
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

        /** The process, one of those asked about. */
        public ProcessMaps process() {
            return process;
        }

        /** Its mapping, as it was. */
        public Mapping mapping() {
            return cursor();
        }

        private MapCursor cursor() {
            return snapshot.cursor().seek(index);
        }
    }

    /** Memory in common. */
    public static final class Group {
        private final List<Range> ranges;

        private Group(List<Range> ranges) {
            this.ranges = List.copyOf(ranges);
        }

        /**
         * At least two, of different processes, in the order of the processes and of addresses. Each shows some bytes that
         * another process' one shows too.
         */
        public List<Range> ranges() {
            return ranges;
        }
    }

    /** What makes mappings candidates for being the same memory. */
    private record Numbers(MappingKind kind, int deviceMajor, int deviceMinor, long inode) {
        Numbers(Mapping mapping) {
            this(mapping.kind(), mapping.deviceMajor(), mapping.deviceMinor(), mapping.inode());
        }
    }

    /** Finds the memory that shared mappings of these processes have in common. */
    public static SharedMappings of(List<ProcessMaps> processes) throws MapsException {
        return of(processes, MapFilter.all().shared().fileBacked());
    }

    /** As {@link #of}; also what private mappings have in common with others of one file, as long as nobody writes to it. */
    public static SharedMappings withPrivate(List<ProcessMaps> processes) throws MapsException {
        return of(processes, MapFilter.all().fileBacked());
    }

    private static SharedMappings of(List<ProcessMaps> processes, MapFilter filter) throws MapsException {
        Map<Numbers, List<Range>> candidates = new LinkedHashMap<>();
        for (ProcessMaps process : processes) {
            MapSnapshot snapshot = process.snapshot(filter.by(Backend.TEXT));
            for (MapCursor at = snapshot.cursor(); at.next(); ) {
                candidates.computeIfAbsent(new Numbers(at), numbers -> new ArrayList<>()).add(new Range(process, snapshot, at));
            }
        }
        List<Group> groups = new ArrayList<>();
        int undecided = 0;
        for (List<Range> sameNumbers : candidates.values()) {
            List<Range> meeting = meeting(sameNumbers);
            Map<Long, List<Range>> byDomain = meeting.isEmpty() ? Map.of() : byDomain(meeting);
            undecided += byDomain.containsKey(0L) ? 1 : 0;
            for (Map.Entry<Long, List<Range>> domain : byDomain.entrySet()) {
                List<Range> inCommon = domain.getKey() == 0 ? List.of() : meeting(domain.getValue());
                if (!inCommon.isEmpty()) {
                    groups.add(new Group(inCommon));
                }
            }
        }
        return new SharedMappings(groups, undecided);
    }

    /** Those that show some of the same bytes as one of another process. */
    private static List<Range> meeting(List<Range> ranges) {
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
        boolean[] meet = Overlaps.withOthers(owners, starts, ends);
        List<Range> meeting = new ArrayList<>();
        for (int i = 0; i < meet.length; i++) {
            if (meet[i]) {
                meeting.add(ranges.get(i));
            }
        }
        return meeting;
    }

    /** By where their numbers stand for one piece of memory; one look for each process and file. 0: not known. */
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
                } catch (StaleMappingException gone) {
                    file = -1;
                    continue; // it is nobody's memory any more
                }
            }
            byDomain.computeIfAbsent(domain, number -> new ArrayList<>()).add(range);
        }
        return byDomain;
    }

    /** Memory in common, in the order of the first process that has it and of addresses. */
    public List<Group> groups() {
        return groups;
    }

    /**
     * Files that may be in common and are not listed, since device and inode do not tell: on btrfs and overlayfs, devices, and
     * deleted files and System V segments without the right to follow entries of map_files.
     */
    public int undecided() {
        return undecided;
    }
}
