package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.VmReader.VmFieldMissing;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;

/**
 * Finds stacks of which the thread is unknown. glibc keeps the stacks of ended threads for new ones, 40 MiB by default
 * (nptl/allocatestack.c). Nothing in memory names the thread that had such a stack. It is recognized by the record of
 * the thread at its end, which has the start and the size of the stack and of its guard zone (struct pthread,
 * nptl/descr.h).
 */
final class UnknownStacks {
    static final String DETAIL = "stack of an ended or unknown thread";

    private static final int PAGE = 4096;

    /** Bytes before the end of a stack that may have the record: variables of the thread are before or after it. */
    private static final int RECORD = 2 * PAGE;
    /** Minimum size of a stack (PTHREAD_STACK_MIN), in bytes. */
    private static final int MIN_STACK = 16 << 10;
    /** Maximum size of memory without permissions at the start of a stack, in bytes. */
    private static final long MAX_GUARD = 1 << 20;
    /** Maximum number of stacks that are searched for: contents of memory may be anything. */
    private static final int MAX_STACKS = 1 << 16;

    private final VmReader vm;
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final ResidentPages pages = ResidentPages.withoutCopies();
    private final ResidentBytes page = new ResidentBytes();
    private final byte[] bytes = new byte[RECORD];
    private final LongBuffer words =
            ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer();

    UnknownStacks(VmReader vm, ProcessMaps maps, MapSnapshot snapshot) {
        this.vm = vm;
        this.maps = maps;
        this.snapshot = snapshot;
    }

    /**
     * Returns the stacks of all threads, also of those that are known. So other sources have precedence. Without the
     * pages in memory there are none.
     */
    List<RegionCandidate> candidates() throws MapsException {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            search(candidates);
        } catch (NotSupportedException | PermissionDeniedException noPagemap) { // its mode is 0400, that of maps 0444
            candidates.clear();
        }
        return candidates;
    }

    private void search(List<RegionCandidate> candidates) throws MapsException {
        long guardStart = 0; // of the mapping before, if it has no permissions
        long guardEnd = 0;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            boolean isAnonymous = mapping.kind() == Mapping.Kind.ANONYMOUS;
            if (isAnonymous && mapping.permissions().equals("rw-p") && mapping.size() >= MIN_STACK - PAGE) {
                long lowest =
                        guardEnd == mapping.start() ? Math.max(guardStart, guardEnd - MAX_GUARD) : mapping.start();
                add(candidates, lowest, mapping.start(), mapping.end());
            }
            boolean isGuard = isAnonymous && mapping.permissions().equals("---p");
            guardStart = isGuard ? mapping.start() : 0;
            guardEnd = isGuard ? mapping.end() : 0;
        }
    }

    /** Adds the stacks that end a mapping: the kernel merges those without a guard zone. */
    private void add(List<RegionCandidate> candidates, long lowest, long start, long mappingEnd) throws MapsException {
        long end = mappingEnd;
        while (end - start >= MIN_STACK - PAGE && candidates.size() < MAX_STACKS) {
            pages.read(maps, snapshot, end - RECORD, end);
            if (!isInMemory(end - PAGE)) {
                return;
            }
            long stack = start(lowest, isInMemory(end - RECORD) ? end - RECORD : end - PAGE, end);
            if (stack == end) {
                return;
            }
            candidates.add(RegionCandidate.inferred(stack, end, JvmRegions.Kind.THREAD_STACK, DETAIL));
            end = stack;
        }
    }

    /** Other pages are not read: a read would map a page there, or read it from swap. */
    private boolean isInMemory(long address) {
        page.clear();
        pages.add(address, address + PAGE, page);
        return page.rss() > 0;
    }

    /** Returns the start of the stack that ends at an address; the end: there is no record of one. */
    private long start(long lowest, long from, long end) {
        try {
            int length = (int) (end - from);
            vm.read(from, bytes, length);
            for (int i = length / Long.BYTES - 3; i >= 0; i--) {
                long start = words.get(i);
                long size = words.get(i + 1);
                long guard = words.get(i + 2);
                boolean isRecord = start % PAGE == 0
                        && size >= MIN_STACK
                        && start + size == end
                        && start >= lowest
                        && start < from
                        && guard >= 0
                        && guard < size
                        && guard % PAGE == 0;
                if (isRecord) {
                    return start;
                }
            }
        } catch (VmFieldMissing unmapped) {
            // the mapping has changed
        }
        return end;
    }
}
