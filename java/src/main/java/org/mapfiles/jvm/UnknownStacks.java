package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

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

    /** Ends of stacks that are read together. */
    private static final int BATCH = 64;

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final byte[] bytes = new byte[BATCH * RECORD];
    private final LongBuffer words =
            ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer();

    UnknownStacks(VmReader vm, MapSnapshot snapshot) {
        this.vm = vm;
        this.snapshot = snapshot;
    }

    /**
     * Memory that may end with a stack: a mapping, or what is before a stack that was found. The kernel merges stacks
     * without a guard zone.
     *
     * @param lowest minimum of the start of the stack: the guard zone may be another mapping
     */
    private record Memory(long lowest, long start, long end) {
        boolean isLargeEnough() {
            return end - start >= MIN_STACK - PAGE;
        }
    }

    /**
     * Returns the stacks of all threads, also of those that are known. So other sources have precedence. Without the
     * pages in memory there are none.
     */
    List<RegionCandidate> candidates() {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            for (List<Memory> left = mappings(); !left.isEmpty(); ) {
                left = search(left, candidates);
            }
        } catch (VmFieldMissing noPages) {
            candidates.clear();
        }
        return candidates;
    }

    /** Returns the mappings that may be stacks, in order of address. */
    private List<Memory> mappings() {
        List<Memory> mappings = new ArrayList<>();
        long guardStart = 0; // of the mapping before, if it has no permissions
        long guardEnd = 0;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            boolean isAnonymous = mapping.kind() == Mapping.Kind.ANONYMOUS;
            if (isAnonymous && mapping.permissions().equals("rw-p")) {
                long lowest =
                        guardEnd == mapping.start() ? Math.max(guardStart, guardEnd - MAX_GUARD) : mapping.start();
                Memory memory = new Memory(lowest, mapping.start(), mapping.end());
                if (memory.isLargeEnough()) {
                    mappings.add(memory);
                }
            }
            boolean isGuard = isAnonymous && mapping.permissions().equals("---p");
            guardStart = isGuard ? mapping.start() : 0;
            guardEnd = isGuard ? mapping.end() : 0;
        }
        return mappings;
    }

    /**
     * Adds the stacks at the ends of memory, and returns what is before them. Pages that are not in memory are not
     * read: a read would map a page there, or read it from swap.
     */
    private List<Memory> search(List<Memory> all, List<RegionCandidate> candidates) throws VmFieldMissing {
        long[] pages = new long[2 * all.size()];
        for (int i = 0; i < all.size(); i++) {
            pages[2 * i] = all.get(i).end - RECORD;
            pages[2 * i + 1] = all.get(i).end - PAGE;
        }
        boolean[] isInMemory = vm.arePagesInMemory(pages);
        List<Memory> ofTwoPages = new ArrayList<>();
        List<Memory> ofOnePage = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (isInMemory[2 * i + 1]) {
                (isInMemory[2 * i] ? ofTwoPages : ofOnePage).add(all.get(i));
            }
        }
        List<Memory> left = new ArrayList<>();
        search(ofTwoPages, RECORD, candidates, left);
        search(ofOnePage, PAGE, candidates, left);
        left.sort((a, b) -> Long.compareUnsigned(a.end, b.end));
        return left;
    }

    /** Searches the last bytes of memory for the record of a stack. */
    private void search(List<Memory> all, int length, List<RegionCandidate> candidates, List<Memory> left)
            throws VmFieldMissing {
        for (int from = 0; from < all.size(); from += BATCH) {
            List<Memory> batch = all.subList(from, Math.min(from + BATCH, all.size()));
            int[] got = new int[batch.size()];
            vm.readAll(batch.stream().mapToLong(each -> each.end - length).toArray(), length, bytes, got);
            for (int i = 0; i < got.length; i++) {
                Memory memory = batch.get(i);
                long stack = got[i] < length ? memory.end : start(memory, i * length, length); // else it was unmapped
                if (stack == memory.end) {
                    continue;
                }
                if (candidates.size() == MAX_STACKS) {
                    return;
                }
                candidates.add(RegionCandidate.inferred(stack, memory.end, JvmRegions.Kind.THREAD_STACK, DETAIL));
                Memory before = new Memory(memory.lowest, memory.start, stack);
                if (before.isLargeEnough()) {
                    left.add(before);
                }
            }
        }
    }

    /** Returns the start of the stack that ends memory; the end: there is no record of one. */
    private long start(Memory memory, int at, int length) {
        for (int i = (at + length) / Long.BYTES - 3; i >= at / Long.BYTES; i--) {
            long start = words.get(i);
            long size = words.get(i + 1);
            long guard = words.get(i + 2);
            boolean isRecord = start % PAGE == 0
                    && size >= MIN_STACK
                    && start + size == memory.end
                    && start >= memory.lowest
                    && start < memory.end - length
                    && guard >= 0
                    && guard < size
                    && guard % PAGE == 0;
            if (isRecord) {
                return start;
            }
        }
        return memory.end;
    }
}
