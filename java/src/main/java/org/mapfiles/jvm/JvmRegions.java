package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * What each part of this JVM's memory is for: all that is mapped, in address order, without overlaps.
 *
 * <pre>{@code
 * JvmRegions regions = JvmRegions.read();
 * int index = regions.find(address);
 * if (index >= 0 && regions.region(index) == RegionKind.JAVA_HEAP) { ... }
 * }</pre>
 *
 * <p>Known from HotSpot's exported structures, its diagnostic commands, its lists of threads and of direct buffers, and the
 * mappings themselves. What nobody tells is {@link RegionKind#UNKNOWN}; what follows only from what memory looks like says so:
 * {@link #isInferred}. Where the JVM tracks its own memory ({@code -XX:NativeMemoryTracking=detail}) next to nothing is unknown;
 * else it is much of what collectors have beside the heap.
 *
 * <p>A picture: memory goes on to change. Making one takes some tens of milliseconds (200 with that tracking), a JVM's first 300 to
 * 500, since that starts its management (JMX), and allocates; it is immutable then, for any number of threads, and looking up
 * allocates nothing.
 */
public final class JvmRegions {
    /** Static variables of the JVM's library that say where memory is. */
    private static final String[] VARIABLES = {Metaspaces.CLASS_CONTEXT, Metaspaces.OTHER_CONTEXT, CollectorTables.MARK_BITMAP,
        CollectorTables.SUMMARY, CollectorTables.MARK_STACKS, VmStructures.POLLING_PAGE};

    private final long[] starts;
    private final long[] ends;
    private final RegionKind[] regions;
    private final String[] details;
    private final boolean[] inferred;

    private JvmRegions(List<RegionCandidate> parts) {
        int count = parts.size();
        starts = new long[count];
        ends = new long[count];
        regions = new RegionKind[count];
        details = new String[count];
        inferred = new boolean[count];
        for (int i = 0; i < count; i++) {
            RegionCandidate part = parts.get(i);
            starts[i] = part.start();
            ends[i] = part.end();
            regions[i] = part.region();
            details[i] = part.detail();
            inferred[i] = part.isInferred();
        }
    }

    /** Reads what there is now. */
    public static JvmRegions read() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self(); JvmProcess jvm = JvmProcess.own(maps)) {
            try {
                return readOwn(maps, jvm);
            } catch (OutOfMemoryError e) {
                throw jvm.noMemory("the regions", e);
            }
        }
    }

    private static JvmRegions readOwn(ProcessMaps maps, JvmProcess jvm) throws MapsException {
        VmReader vm = jvm.vm();
        VmReports reports = VmReports.ofThisJvm(vm);
        MapSnapshot snapshot = maps.snapshot(); // after what makes mappings by being asked
        RegionCandidates claims = new RegionCandidates();
        claims.add(ownMemory());
        claims.add(RegionsOfG1.claims(vm));
        claims.add(RegionsOfShenandoah.claims(reports.info()));
        claims.add(VmInfo.heap(reports.info()));
        claims.add(VmStructures.heap(vm));
        claims.add(VmInfo.codeHeaps(reports.info()));
        claims.add(VmStructures.code(vm));
        claims.add(widened(VmInfo.others(reports.info()), snapshot));
        claims.add(VmInfo.metaspace(reports.metaspace()));
        claims.add(VmStructures.archive(vm));
        claims.add(new ThreadStacks(vm, snapshot, jvm.directory()).withJavaNames().claims());
        claims.add(DirectBuffers.claims(vm));
        claims.add(NativeMemoryTracking.claims(reports.nativeMemory()));
        claims.add(HeapOfZ.claims(vm));
        claims.add(new MappedMemory(vm, snapshot, JvmCalls.isMallocOfCLibrary()).claims());
        return new JvmRegions(divided(snapshot, claims.settled()));
    }

    /**
     * Reads what there is now in a process, from outside: nothing is loaded into it, no signal is sent to it, and it may be stopped,
     * frozen or in a container. This takes the right to attach to it (ptrace(2)).
     *
     * <p>Known are HotSpot's exported structures, its flags, the kernel's lists of threads, and the mappings themselves. Direct buffers are not
     * distinguished from other memory of the C library, and names of threads are those that the kernel has, cut after 15 bytes.
     *
     * @param maps the process; of this one too, where {@link #read()} reports more
     * @throws org.mapfiles.NotSupportedException if there is no JVM in it ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if this process may not attach to it
     * @throws org.mapfiles.ProcessExitedException if it has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory for what the other one reports
     */
    public static JvmRegions read(ProcessMaps maps) throws MapsException {
        try (JvmProcess jvm = JvmProcess.of(Objects.requireNonNull(maps, "maps"))) {
            return read(maps, jvm, VmReports.NONE);
        }
    }

    /**
     * As {@link #read(ProcessMaps)}, and asks the JVM for what only the JVM itself can report: with {@code -XX:NativeMemoryTracking=detail}
     * nearly all of its memory, and tables of the collector where its library has no symbol table. The commands are sent by an
     * {@link AttachClient}, which has the side effects described there.
     *
     * @throws AttachException if the JVM does not accept commands, does not answer in time, or answers what no JVM does
     */
    public static JvmRegions readAttached(ProcessMaps maps) throws MapsException {
        try (AttachClient client = AttachClient.open(Objects.requireNonNull(maps, "maps"))) {
            return read(maps, client.jvm(), VmReports.ofAnotherJvm(client));
        } catch (BoundedText.TooMuchWork e) {
            throw new AttachException(AttachException.Reason.BAD_ANSWER, "the JVM of process " + maps.pid() + " sent " + e.getMessage());
        }
    }

    private static JvmRegions read(ProcessMaps maps, JvmProcess jvm, VmReports reports) throws MapsException {
        try {
            return readAll(maps, jvm, reports);
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the regions", e);
        }
    }

    private static JvmRegions readAll(ProcessMaps maps, JvmProcess jvm, VmReports reports) throws MapsException {
        VmReader vm = jvm.vm();
        JvmFlags flags = jvm.flags();
        MapSnapshot snapshot = maps.snapshot();
        VmSymbols symbols = VmSymbols.read(maps, snapshot, vm.library(), VARIABLES);
        RegionCandidates claims = new RegionCandidates();
        claims.add(RegionsOfG1.claims(vm));
        claims.add(RegionsOfShenandoah.claims(reports.info()));
        claims.add(RegionsOfShenandoah.claims(vm, flags));
        claims.add(Generations.claims(vm, flags));
        claims.add(VmInfo.heap(reports.info()));
        claims.add(VmStructures.heap(vm));
        claims.add(VmInfo.codeHeaps(reports.info()));
        claims.add(VmStructures.code(vm));
        claims.add(Metaspaces.claims(vm, symbols));
        claims.add(VmInfo.metaspace(reports.metaspace()));
        claims.add(VmStructures.archive(vm));
        claims.add(CollectorTables.claims(vm, snapshot, flags, symbols));
        claims.add(widened(VmInfo.others(reports.info()), snapshot));
        claims.add(VmStructures.others(vm, symbols));
        claims.add(new ThreadStacks(vm, snapshot, jvm.directory()).claims());
        claims.add(NativeMemoryTracking.claims(reports.nativeMemory()));
        claims.add(HeapOfZ.claims(vm));
        claims.add(new MappedMemory(vm, snapshot, null).claims());
        vm.checkFailure();
        return new JvmRegions(divided(snapshot, claims.settled()));
    }

    /** Where this library keeps what the JVM told of its code. */
    private static List<RegionCandidate> ownMemory() {
        long[] range = new long[2];
        return JvmCalls.codeRange(range) ? List.of(RegionCandidate.reported(range[0], range[1], RegionKind.JVM_OTHER, "mapfiles' memory of code")) : List.of();
    }

    /** Of what is told by one address, all of the mapping: a page. */
    private static List<RegionCandidate> widened(List<RegionCandidate> claims, MapSnapshot snapshot) {
        List<RegionCandidate> widened = new ArrayList<>();
        for (RegionCandidate claim : claims) {
            int index = claim.end() - claim.start() == 1 ? snapshot.find(claim.start()) : -1;
            widened.add(index < 0 ? claim : whole(snapshot.cursor().seek(index), claim));
        }
        return widened;
    }

    private static RegionCandidate whole(MapCursor mapping, RegionCandidate claim) {
        return RegionCandidate.reported(mapping.start(), mapping.end(), claim.region(), claim.detail());
    }

    /** Each mapping, in as many parts as what is said of it has. */
    private static List<RegionCandidate> divided(MapSnapshot snapshot, NavigableMap<Long, RegionCandidate> settled) {
        List<RegionCandidate> parts = new ArrayList<>();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            long at = mapping.start();
            Map.Entry<Long, RegionCandidate> first = settled.floorEntry(at);
            NavigableMap<Long, RegionCandidate> some = settled.subMap(first == null ? at : first.getKey(), true, mapping.end(), false);
            for (RegionCandidate claim : some.values()) {
                if (claim.overlaps(at, mapping.end())) {
                    long start = Long.compareUnsigned(claim.start(), at) > 0 ? claim.start() : at;
                    long end = Long.compareUnsigned(claim.end(), mapping.end()) < 0 ? claim.end() : mapping.end();
                    add(parts, at, start, null, mapping);
                    add(parts, start, end, claim, mapping);
                    at = end;
                }
            }
            add(parts, at, mapping.end(), null, mapping);
        }
        return parts;
    }

    private static void add(List<RegionCandidate> parts, long start, long end, RegionCandidate best, MapCursor mapping) {
        if (start == end) {
            return;
        }
        RegionKind region = best == null ? RegionKind.UNKNOWN : best.region();
        String detail = best == null ? mapping.name() : best.detail();
        if (region == RegionKind.THREAD_STACK && mapping.permissions().startsWith("---")) {
            detail += ", guard zone";
        }
        if (region == RegionKind.JAVA_HEAP && mapping.permissions().startsWith("---")) {
            detail = "reserved";
        }
        parts.add(new RegionCandidate(start, end, region, detail == null ? "" : detail, best != null && best.isInferred()));
    }

    /** How many parts there are. */
    public int size() {
        return starts.length;
    }

    /**
     * First address of a part.
     *
     * @throws IndexOutOfBoundsException here and below, if there is no such part
     */
    public long start(int index) {
        return starts[index];
    }

    /** The address behind its last. */
    public long end(int index) {
        return ends[index];
    }

    /** What it is for. */
    public RegionKind region(int index) {
        return regions[index];
    }

    /** More of that, such as the name of a thread or a file; empty: nothing. */
    public String detail(int index) {
        return details[index];
    }

    /** Whether that follows from what memory looks like, rather than that the JVM or the kernel tells it. */
    public boolean isInferred(int index) {
        return inferred[index];
    }

    /**
     * The part that an address is in.
     *
     * @param address any 64-bit value
     * @return its index; -1: it was not mapped
     */
    public int find(long address) {
        return Ranges.find(starts, ends, address);
    }

    /** Bytes mapped for something, address space that is only reserved included. */
    public long bytes(RegionKind region) {
        Objects.requireNonNull(region, "region");
        long bytes = 0;
        for (int i = 0; i < starts.length; i++) {
            bytes += regions[i] == region ? ends[i] - starts[i] : 0;
        }
        return bytes;
    }

    @Override
    public String toString() {
        return "JvmRegions[" + starts.length + " parts, " + Arrays.stream(regions).filter(region -> region == RegionKind.UNKNOWN).count()
                + " unknown]";
    }
}
