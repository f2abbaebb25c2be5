package org.mapfiles.resident;

import java.nio.LongBuffer;
import java.util.Objects;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.PageRecord;
import org.mapfiles.internal.PageRecord.Range;
import org.mapfiles.internal.PageRecord.Walk;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * The pages of a process that are in memory or in swap, as read after a snapshot. Sums can be made for each mapping,
 * each file, and any other range.
 *
 * <pre>{@code
 * MapSnapshot snapshot = maps.snapshot();
 * ResidentPages pages = new ResidentPages();
 * pages.read(maps, snapshot);
 * ResidentBytes sums = new ResidentBytes();
 * for (MapCursor mapping = snapshot.cursor(); mapping.next(); sums.clear()) {
 *     pages.add(mapping, sums);
 *     System.out.println(mapping.name() + " " + sums.rss());
 * }
 * }</pre>
 *
 * <p>This needs permission to read the process (ptrace(2), PTRACE_MODE_READ), as reading the mappings does. A process
 * of another user needs CAP_DAC_READ_SEARCH with CAP_SYS_PTRACE. A few system calls (PAGEMAP_SCAN, Linux 6.7+) read the
 * whole address space, in about 15 ns for each page in memory, and 90 ns in private mappings of files, unless it is
 * made by {@link #withoutCopies}. Before Linux 6.7 /proc/PID/pagemap is read, with 8 bytes for each page that is
 * mapped, present or not; {@link #isZeroKnown()} is false then.
 *
 * <p><b>Memory that moves.</b> The pages are read after the mappings, while the process runs. A page belongs to the
 * mapping that covered its address in the snapshot, also if the process maps other memory there by now. Pages outside
 * of all mappings of the snapshot are in no sum of a mapping. Ranges of pages are sorted and do not overlap, so a sum
 * is never more than the size of its range. If {@link ProcessMaps#refresh} of the snapshot returns false afterwards,
 * the mappings were the same before and after the read.
 *
 * <p><b>Differences from smaps.</b> Zero pages and pages of hugetlbfs are counted here, but not in its Rss. Shared
 * memory in swap is not counted here. A page that the kernel is moving, and a marker of userfaultfd(2), count as
 * swapped; so do guard pages on Linux 6.13 and 6.14.
 *
 * <p>In steady state reading allocates nothing; if there are more ranges of pages than before, the object takes more
 * memory, 24 bytes for each range of pages of equal categories. Not thread-safe. The garbage collector frees the
 * memory.
 */
public final class ResidentPages {
    private static final int FIRST_RANGES = 2048;
    /** Ranges after the last one that are tried before a binary search. */
    private static final int NEAR = 4;

    private static final int LONGS = Range.SIZE / Long.BYTES;
    private static final int CATEGORIES = Range.CATEGORIES / Long.BYTES;
    private static final int END = Range.END / Long.BYTES;

    private final NativeMemory walk = new NativeMemory(Walk.SIZE);
    private NativeMemory memory = new NativeMemory(FIRST_RANGES * Range.SIZE);
    private LongBuffer ranges = memory.bytes().asLongBuffer();
    private final int unneeded;
    private int count;
    private int known;
    /** Result of the last search, also of one before the last read. */
    private int lastFound;

    /**
     * Makes an object without pages. It takes 48 KiB of direct memory.
     *
     * @throws OutOfMemoryError if this JVM has too little direct memory
     */
    public ResidentPages() {
        this(0);
    }

    private ResidentPages(int unneeded) {
        this.unneeded = unneeded;
    }

    /**
     * Returns an object without pages, whose reads do not distinguish pages of files from private copies if that is
     * cheaper: in private mappings of files all pages count as those of the file. All other numbers are the same.
     *
     * @return a new object
     * @throws OutOfMemoryError if this JVM has too little direct memory
     */
    public static ResidentPages withoutCopies() {
        return new ResidentPages(PageRecord.FILE);
    }

    /**
     * Reads the pages of the whole address space. After a failure this has no pages.
     *
     * @param maps the process
     * @param snapshot mappings that {@code maps} has read. Pages before the first and after the last of them are not
     *     read
     * @throws IllegalArgumentException if the snapshot is not of this process
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or called execve(2) during the read
     * @throws org.mapfiles.PermissionDeniedException if the kernel denies access
     * @throws org.mapfiles.NotSupportedException if there is no pagemap
     *     ({@link org.mapfiles.NotSupportedException.Missing#PAGES})
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure
     */
    public void read(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        read(maps, snapshot, 0, -1);
    }

    /**
     * Reads the pages of a range, as {@link #read(ProcessMaps, MapSnapshot)}.
     *
     * @param maps the process
     * @param snapshot mappings that {@code maps} has read
     * @param start first address, unsigned; rounded down to a page
     * @param end end (exclusive), unsigned; rounded up to a page; -1: the end of the address space
     * @throws IllegalArgumentException if the snapshot is not of this process, or {@code start} is above {@code end}
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as {@link #read(ProcessMaps, MapSnapshot)}
     */
    public synchronized void read(ProcessMaps maps, MapSnapshot snapshot, long start, long end) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(snapshot, "snapshot");
        checkRange(start, end);
        count = 0;
        walk.bytes()
                .putLong(Walk.NEXT, start)
                .putLong(Walk.END, end)
                .putInt(Walk.KNOWN, 0)
                .putInt(Walk.UNNEEDED, unneeded);
        int done = 0;
        int knownOfAll = -1;
        synchronized (snapshot) { // no other thread may read into the snapshot during the calls
            if (RootAccess.get().owner(snapshot) != maps) {
                throw new IllegalArgumentException(
                        "the snapshot is not of this process: pass one that this ProcessMaps has read");
            }
            SnapshotBuffer mappings = RootAccess.get().buffer(snapshot);
            while (walk.bytes().getLong(Walk.NEXT) != end) {
                int capacity = memory.size() / Range.SIZE - done;
                if (capacity == 0) {
                    grow(maps);
                    continue;
                }
                int rc = PageCalls.readPages(maps, mappings.memory, walk, memory, (long) done * Range.SIZE, capacity);
                if (rc < 0) {
                    throw PageCalls.failure(rc, maps, "pagemap");
                }
                done += rc;
                knownOfAll &= walk.bytes().getInt(Walk.KNOWN); // a later call may use another interface of the kernel
            }
        }
        known = knownOfAll;
        count = done;
    }

    private void grow(ProcessMaps maps) throws NotEnoughMemoryException {
        try {
            long size = 2L * memory.size();
            if (size > Integer.MAX_VALUE) {
                throw NativeMemory.TooLarge.of(size / Range.SIZE + " ranges of pages");
            }
            NativeMemory larger = new NativeMemory((int) size);
            larger.bytes().put(0, memory.bytes(), 0, memory.size());
            memory = larger;
            ranges = larger.bytes().asLongBuffer();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the pages of process " + maps.pid(), e);
        }
    }

    /**
     * Returns whether the kernel reports zero pages and huge pages: Linux 6.7+. Otherwise zero pages count as
     * anonymous, the huge zero page counts as a page of a file, and no page is huge. From Linux 6.7 to 6.15 the huge
     * zero page counts as anonymous and huge.
     *
     * @return false before the first read
     */
    public boolean isZeroKnown() {
        return (known & PageRecord.ZERO) != 0;
    }

    /**
     * Returns whether pages of files are distinguished from private copies.
     *
     * @return false before the first read, and after a read without copies on Linux 6.7+
     */
    public boolean isFileKnown() {
        return (known & PageRecord.FILE) != 0;
    }

    /**
     * Adds the bytes of a range to sums. Pages that are partly in the range are counted partly. Makes no system call
     * and allocates nothing.
     *
     * @param start first address, unsigned
     * @param end end (exclusive), unsigned
     * @param sums the sums to add to
     * @throws IllegalArgumentException if {@code start} is above {@code end}
     */
    public void add(long start, long end, ResidentBytes sums) {
        Objects.requireNonNull(sums, "sums");
        checkRange(start, end);
        for (int i = firstAfter(start); i < count && Long.compareUnsigned(start(i), end) < 0; i++) {
            long from = Long.compareUnsigned(start(i), start) > 0 ? start(i) : start;
            long to = Long.compareUnsigned(end(i), end) < 0 ? end(i) : end;
            if (Long.compareUnsigned(from, to) < 0) {
                sums.add(to - from, ranges.get(i * LONGS + CATEGORIES));
            }
        }
    }

    private static void checkRange(long start, long end) {
        if (Long.compareUnsigned(start, end) > 0) {
            throw new IllegalArgumentException(
                    "start 0x" + Long.toHexString(start) + " is above end 0x" + Long.toHexString(end));
        }
    }

    /**
     * Adds the bytes of a mapping to sums, as {@link #add(long, long, ResidentBytes)}. For sums of a file, add its
     * mappings to the same sums.
     *
     * @param mapping the range of addresses
     * @param sums the sums to add to
     */
    public void add(Mapping mapping, ResidentBytes sums) {
        add(mapping.start(), mapping.end(), sums);
    }

    /**
     * Returns the index of the first range that ends above an address. Mappings are usually added in order, so it is
     * often near the last one.
     */
    private int firstAfter(long address) {
        int near = lastFound;
        if (near < count && (near == 0 || Long.compareUnsigned(end(near - 1), address) <= 0)) {
            for (int i = near; i < count && i < near + NEAR; i++) {
                if (Long.compareUnsigned(end(i), address) > 0) {
                    lastFound = i;
                    return i;
                }
            }
        }
        lastFound = search(address);
        return lastFound;
    }

    private int search(long address) {
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = from + to >>> 1;
            if (Long.compareUnsigned(end(middle), address) > 0) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        return from;
    }

    /**
     * Returns the number of ranges of neighbouring pages of equal categories.
     *
     * @return 0 before the first read
     */
    public int size() {
        return count;
    }

    /**
     * Returns the first address of a range, unsigned.
     *
     * @param index from 0 to below {@link #size()}; the ranges are in order of address
     * @return a multiple of the page size
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long start(int index) {
        return ranges.get(Objects.checkIndex(index, count) * LONGS);
    }

    /**
     * Returns the end of a range (exclusive), unsigned.
     *
     * @param index from 0 to below {@link #size()}
     * @return a multiple of the page size
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public long end(int index) {
        return ranges.get(Objects.checkIndex(index, count) * LONGS + END);
    }

    /**
     * Returns whether the pages of a range are in swap; otherwise they are in memory.
     *
     * @param index from 0 to below {@link #size()}
     * @return whether they are in swap
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public boolean isSwapped(int index) {
        return has(index, PageRecord.SWAPPED);
    }

    /**
     * Returns whether the pages of a range are of a file or of shared memory; otherwise they are anonymous, or the zero
     * page.
     *
     * @param index from 0 to below {@link #size()}
     * @return whether they are of a file
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public boolean isFile(int index) {
        return has(index, PageRecord.FILE);
    }

    /**
     * Returns whether the pages of a range are the kernel's zero page.
     *
     * @param index from 0 to below {@link #size()}
     * @return false also if {@link #isZeroKnown()} is false
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public boolean isZero(int index) {
        return has(index, PageRecord.ZERO);
    }

    /**
     * Returns whether a range has huge pages.
     *
     * @param index from 0 to below {@link #size()}
     * @return false also if {@link #isZeroKnown()} is false
     * @throws IndexOutOfBoundsException if there is no such range
     */
    public boolean isHuge(int index) {
        return has(index, PageRecord.HUGE);
    }

    private boolean has(int index, int category) {
        return (ranges.get(Objects.checkIndex(index, count) * LONGS + CATEGORIES) & category) != 0;
    }

    @Override
    public String toString() {
        return "ResidentPages[" + count + " ranges]";
    }
}
