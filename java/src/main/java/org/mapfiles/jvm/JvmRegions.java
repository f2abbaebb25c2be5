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
 * The use of each range of a JVM's memory: all that is mapped, in address order, without overlaps.
 *
 * <pre>{@code
 * JvmRegions regions = JvmRegions.read();
 * int index = regions.find(address);
 * if (index >= 0 && regions.region(index) == Kind.JAVA_HEAP) { ... }
 * }</pre>
 *
 * <p>Sources are HotSpot's exported structures, its diagnostic commands, its lists of threads and of direct buffers,
 * and the mappings. If no source has the use of a range, it is {@link Kind#UNKNOWN}. If the use only follows from the
 * content or place of the memory, {@link #isInferred} returns true. With {@code -XX:NativeMemoryTracking=detail} nearly
 * nothing is unknown. Without it much of the memory of collectors outside the heap is unknown.
 *
 * <p>The regions are those at the time of the read. A read of this JVM takes tens of milliseconds (200 ms with that
 * tracking); the first one takes 300 to 500 ms, since it starts the management of the JVM (JMX). It allocates.
 *
 * <p>Immutable and thread-safe. {@link #find} allocates nothing.
 */
public final class JvmRegions {
    /** Uses of a range of a JVM's memory. */
    public enum Kind {
        /** Java objects, and address space that is reserved for them. */
        JAVA_HEAP,
        /** Compiled code, stubs and the interpreter, and the tables with which the JVM finds them. */
        CODE_HEAP,
        /** The compressed class space: class structures, if class pointers are compressed. */
        CLASS_SPACE,
        /** Other metadata of classes: methods, constant pools. */
        METASPACE,
        /** The archive of classes that JVMs share (class data sharing). */
        CDS,
        /**
         * The stack of a thread, and its guard zones. The C library keeps stacks of ended threads. They are marked as
         * inferred, and have no name of a thread.
         */
        THREAD_STACK,
        /** Structures of the garbage collector outside the heap: card table, mark bits. */
        GC,
        /** An executable file with its data, such as libjvm; and the vdso of the kernel. */
        LIBRARY,
        /** Another file, such as a jar or a mapped buffer. */
        FILE,
        /**
         * Memory of the C library's malloc. With another allocator only the heap of brk(2), which is marked as
         * inferred.
         */
        MALLOC,
        /** The memory of a direct buffer. */
        DIRECT_BUFFER,
        /** Other memory of the JVM, such as the polling page and performance counters. */
        JVM_OTHER,
        /** The use is unknown. */
        UNKNOWN
    }

    /** Static variables of libjvm that have the addresses of memory. */
    private static final String[] VARIABLES = {
        Metaspaces.CLASS_CONTEXT,
        Metaspaces.OTHER_CONTEXT,
        CollectorTables.MARK_BITMAP,
        CollectorTables.SUMMARY,
        CollectorTables.VIRTUAL_TABLE,
        "Z" + CollectorTables.MARK_STACKS,
        "X" + CollectorTables.MARK_STACKS,
        VmStructures.POLLING_PAGE
    };

    private final long[] starts;
    private final long[] ends;
    private final Kind[] regions;
    private final String[] details;
    private final boolean[] inferred;

    private JvmRegions(List<RegionCandidate> ranges) {
        int count = ranges.size();
        starts = new long[count];
        ends = new long[count];
        regions = new Kind[count];
        details = new String[count];
        inferred = new boolean[count];
        for (int i = 0; i < count; i++) {
            RegionCandidate range = ranges.get(i);
            starts[i] = range.start();
            ends[i] = range.end();
            regions[i] = range.region();
            details[i] = range.detail();
            inferred[i] = range.isInferred();
        }
    }

    /**
     * Reads the regions of this JVM.
     *
     * @return the regions now
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException if the mappings of this JVM cannot be read
     */
    public static JvmRegions read() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess jvm = JvmProcess.own(maps)) {
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
        MapSnapshot snapshot = maps.snapshot(); // after the reports, since diagnostic commands make mappings
        RegionCandidates candidates = new RegionCandidates();
        candidates.add(ownMemory());
        candidates.add(RegionsOfG1.candidates(vm));
        candidates.add(RegionsOfShenandoah.candidates(reports.info()));
        candidates.add(VmInfo.heap(reports.info()));
        candidates.add(VmStructures.heap(vm));
        candidates.add(VmInfo.codeHeaps(reports.info()));
        candidates.add(VmStructures.code(vm));
        candidates.add(widened(VmInfo.others(reports.info()), snapshot));
        candidates.add(VmInfo.metaspace(reports.metaspace()));
        List<RegionCandidate> archives = VmStructures.archive(vm);
        candidates.add(archives);
        candidates.add(
                new ThreadStacks(vm, snapshot, jvm.directory()).withJavaNames().candidates());
        candidates.add(DirectBuffers.candidates(vm));
        candidates.add(NativeMemoryTracking.candidates(reports.nativeMemory()));
        candidates.add(HeapOfZ.candidates(vm));
        candidates.add(new MappedMemory(vm, snapshot, JvmCalls.isMallocOfCLibrary())
                .withArchives(archives)
                .candidates(candidates.ends()));
        candidates.add(new UnknownStacks(vm, snapshot).candidates());
        vm.checkFailure();
        return new JvmRegions(divided(snapshot, candidates.chosen()));
    }

    /**
     * Reads the regions of the JVM in a process, from outside. Nothing is loaded into the target, no signal is sent to
     * it, and it may be stopped, frozen or in a container. This needs ptrace access to the process (ptrace(2)).
     *
     * <p>Sources are HotSpot's exported structures, its flags, the kernel's list of threads, and the mappings. Direct
     * buffers are not distinguished from other memory of the C library. Names of threads are those of the kernel, cut
     * after 15 bytes.
     *
     * @param maps the process. For this JVM {@link #read()} reports more. The caller still owns and closes it
     * @return the regions now
     * @throws org.mapfiles.NotSupportedException if the process has no JVM
     *     ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     */
    public static JvmRegions read(ProcessMaps maps) throws MapsException {
        try (JvmProcess jvm = JvmProcess.of(Objects.requireNonNull(maps, "maps"))) {
            return read(maps, jvm, VmReports.NONE);
        }
    }

    /**
     * Reads the regions of the JVM in a process from outside, and sends it diagnostic commands for details that only
     * the JVM can report. With {@code -XX:NativeMemoryTracking=detail} they cover nearly all of its memory; also tables
     * of the collector if libjvm has no symbol table. The commands are sent by {@link JvmProcess#execute(String)},
     * which has the side effects described there.
     *
     * @param maps the process. The caller still owns and closes it
     * @return the regions now
     * @throws AttachException if the JVM does not accept commands, does not respond in time, or sends an invalid
     *     response
     * @throws org.mapfiles.NotSupportedException if the process has no JVM
     *     ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     */
    public static JvmRegions readAttached(ProcessMaps maps) throws MapsException {
        try (JvmProcess jvm = JvmProcess.of(Objects.requireNonNull(maps, "maps"))) {
            return read(maps, jvm, VmReports.ofAnotherJvm(jvm));
        } catch (BoundedText.TooMuchWork e) {
            throw new AttachException(
                    AttachException.Reason.INVALID_RESPONSE,
                    "the JVM of process " + maps.pid() + " sent " + e.getMessage());
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
        JvmProcess.Flags flags = jvm.flags();
        MapSnapshot snapshot = maps.snapshot();
        VmSymbols symbols = VmSymbols.read(maps, snapshot, vm.library(), VARIABLES);
        RegionCandidates candidates = new RegionCandidates();
        candidates.add(RegionsOfG1.candidates(vm));
        candidates.add(RegionsOfShenandoah.candidates(reports.info()));
        candidates.add(RegionsOfShenandoah.candidates(vm, flags));
        candidates.add(Generations.candidates(vm, flags));
        candidates.add(VmInfo.heap(reports.info()));
        candidates.add(VmStructures.heap(vm));
        candidates.add(VmInfo.codeHeaps(reports.info()));
        candidates.add(VmStructures.code(vm));
        candidates.add(Metaspaces.candidates(vm, symbols));
        candidates.add(VmInfo.metaspace(reports.metaspace()));
        List<RegionCandidate> archives = VmStructures.archive(vm);
        candidates.add(archives);
        candidates.add(CollectorTables.candidates(vm, snapshot, flags, symbols));
        candidates.add(widened(VmInfo.others(reports.info()), snapshot));
        candidates.add(VmStructures.others(vm, symbols));
        candidates.add(new ThreadStacks(vm, snapshot, jvm.directory()).candidates());
        candidates.add(NativeMemoryTracking.candidates(reports.nativeMemory()));
        candidates.add(HeapOfZ.candidates(vm));
        candidates.add(
                new MappedMemory(vm, snapshot, null).withArchives(archives).candidates(candidates.ends()));
        candidates.add(new UnknownStacks(vm, snapshot).candidates());
        vm.checkFailure();
        return new JvmRegions(divided(snapshot, candidates.chosen()));
    }

    /** Returns the memory of this library for recorded code. */
    private static List<RegionCandidate> ownMemory() {
        long[] range = new long[2];
        return JvmCalls.codeRange(range)
                ? List.of(RegionCandidate.reported(range[0], range[1], Kind.JVM_OTHER, "mapfiles' memory of code"))
                : List.of();
    }

    /**
     * Returns the candidates. Each one that is a single address, such as the polling page, is extended to its mapping.
     */
    private static List<RegionCandidate> widened(List<RegionCandidate> candidates, MapSnapshot snapshot) {
        List<RegionCandidate> widened = new ArrayList<>();
        for (RegionCandidate candidate : candidates) {
            int index = candidate.end() - candidate.start() == 1 ? snapshot.find(candidate.start()) : -1;
            widened.add(index < 0 ? candidate : whole(snapshot.cursor().seek(index), candidate));
        }
        return widened;
    }

    private static RegionCandidate whole(MapCursor mapping, RegionCandidate candidate) {
        return RegionCandidate.reported(mapping.start(), mapping.end(), candidate.region(), candidate.detail());
    }

    /** Returns the mappings, divided at the starts and ends of the candidates. */
    private static List<RegionCandidate> divided(MapSnapshot snapshot, NavigableMap<Long, RegionCandidate> chosen) {
        List<RegionCandidate> ranges = new ArrayList<>();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            long at = mapping.start();
            Map.Entry<Long, RegionCandidate> first = chosen.floorEntry(at);
            NavigableMap<Long, RegionCandidate> some =
                    chosen.subMap(first == null ? at : first.getKey(), true, mapping.end(), false);
            for (RegionCandidate candidate : some.values()) {
                if (candidate.overlaps(at, mapping.end())) {
                    long start = Long.compareUnsigned(candidate.start(), at) > 0 ? candidate.start() : at;
                    long end =
                            Long.compareUnsigned(candidate.end(), mapping.end()) < 0 ? candidate.end() : mapping.end();
                    add(ranges, at, start, null, mapping);
                    add(ranges, start, end, candidate, mapping);
                    at = end;
                }
            }
            add(ranges, at, mapping.end(), null, mapping);
        }
        return ranges;
    }

    private static void add(
            List<RegionCandidate> ranges, long start, long end, RegionCandidate best, MapCursor mapping) {
        if (start == end) {
            return;
        }
        Kind region = best == null ? Kind.UNKNOWN : best.region();
        String detail = best == null ? mapping.name() : best.detail();
        if (region == Kind.THREAD_STACK && mapping.permissions().startsWith("---")) {
            detail += ", guard zone";
        }
        if (region == Kind.JAVA_HEAP && mapping.permissions().startsWith("---")) {
            detail = "reserved";
        }
        ranges.add(new RegionCandidate(
                start, end, region, detail == null ? "" : detail, best != null && best.isInferred()));
    }

    /** {@return the number of ranges} */
    public int size() {
        return starts.length;
    }

    /**
     * {@return the first address of a range, unsigned}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long start(int index) {
        return starts[index];
    }

    /**
     * {@return the end of a range (exclusive), unsigned}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long end(int index) {
        return ends[index];
    }

    /**
     * {@return the use of a range}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public Kind region(int index) {
        return regions[index];
    }

    /**
     * {@return the name of a range, such as that of a thread, a code heap or a file; empty: none}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public String detail(int index) {
        return details[index];
    }

    /**
     * {@return whether the use of a range is only inferred from the content or place of the memory}
     *
     * @param index from 0 to below {@link #size}
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public boolean isInferred(int index) {
        return inferred[index];
    }

    /**
     * Returns the index of the range that has an address.
     *
     * @param address any 64-bit value
     * @return -1: the address was not mapped
     */
    public int find(long address) {
        return Ranges.find(starts, ends, address);
    }

    /**
     * {@return the size of all ranges with a use, in bytes} It includes reserved address space.
     *
     * @param region a use of memory
     */
    public long bytes(Kind region) {
        Objects.requireNonNull(region, "region");
        long bytes = 0;
        for (int i = 0; i < starts.length; i++) {
            bytes += regions[i] == region ? ends[i] - starts[i] : 0;
        }
        return bytes;
    }

    @Override
    public String toString() {
        return "JvmRegions[" + starts.length + " ranges, "
                + Arrays.stream(regions)
                        .filter(region -> region == Kind.UNKNOWN)
                        .count() + " unknown]";
    }
}
