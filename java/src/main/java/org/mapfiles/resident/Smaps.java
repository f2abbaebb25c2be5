package org.mapfiles.resident;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.PageRecord;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * What /proc/PID/smaps reports for each mapping of a process: the proportional size, and shared and private, clean and
 * modified bytes.
 *
 * <p>Reading it costs several times as much as {@link ResidentPages}, which has the bytes in memory and in swap too:
 * the kernel visits the structure of each page, and writes 700 bytes of text for each mapping. {@link #readTotal} costs
 * less: the kernel writes one text for all mappings.
 *
 * <p>smaps is read after a snapshot, while the process runs. A mapping that has another range by then is not found.
 *
 * <p>In steady state reading allocates nothing; if the process has more mappings than before, the object takes more
 * memory. Not thread-safe. The garbage collector frees the memory.
 */
public final class Smaps {
    private static final int FIRST_MAPPINGS = 512;

    private final NativeMemory total = new NativeMemory(PageRecord.Smaps.SIZE);
    private NativeMemory memory = new NativeMemory(FIRST_MAPPINGS * PageRecord.Smaps.SIZE);
    private int count;

    /**
     * Makes an object without mappings. It takes 36 KiB of direct memory.
     *
     * @throws OutOfMemoryError if this JVM has too little direct memory
     */
    public Smaps() {
        // read() fills it
    }

    /**
     * Reads smaps. After a failure this has no mappings.
     *
     * @param maps the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or called execve(2) during each of several
     *     reads
     * @throws org.mapfiles.PermissionDeniedException if the kernel denies access
     * @throws org.mapfiles.NotSupportedException if there is no smaps
     *     ({@link org.mapfiles.NotSupportedException.Missing#PAGES})
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure
     */
    public synchronized void read(ProcessMaps maps) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        count = 0;
        int read = PageCalls.readSmaps(maps, memory, capacity());
        while (read > capacity()) {
            grow(maps, read);
            read = PageCalls.readSmaps(maps, memory, capacity());
        }
        if (read < 0) {
            throw PageCalls.failure(read, maps, "smaps");
        }
        count = read;
    }

    private int capacity() {
        return memory.size() / PageRecord.Smaps.SIZE;
    }

    private void grow(ProcessMaps maps, int needed) throws NotEnoughMemoryException {
        try {
            long size = (long) SnapshotBuffer.enlarged(capacity(), needed) * PageRecord.Smaps.SIZE;
            if (size > Integer.MAX_VALUE) {
                throw NativeMemory.TooLarge.of("smaps of " + needed + " mappings");
            }
            memory = new NativeMemory((int) size);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("smaps of process " + maps.pid(), e);
        }
    }

    /**
     * Sets sums to those of all mappings of a process, from /proc/PID/smaps_rollup (Linux 4.14+; before, from smaps).
     * The mappings of this object are unchanged.
     *
     * @param maps the process
     * @param sums receives the sums; unchanged after a failure
     * @throws MapsException as {@link #read}
     */
    public synchronized void readTotal(ProcessMaps maps, SmapsBytes sums) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(sums, "sums");
        int rc = PageCalls.readTotal(maps, total);
        if (rc < 0) {
            throw PageCalls.failure(rc, maps, "smaps");
        }
        sums.clear();
        sums.add(total.bytes(), 0);
    }

    /**
     * Adds the numbers of a mapping to sums. Makes no system call and allocates nothing.
     *
     * @param start first address of the mapping, unsigned
     * @param end end (exclusive) of the mapping, unsigned
     * @param sums the sums to add to
     * @return false if smaps has no mapping with this range: it has changed, its numbers are unknown, and the sums are
     *     unchanged
     */
    public boolean add(long start, long end, SmapsBytes sums) {
        Objects.requireNonNull(sums, "sums");
        ByteBuffer mappings = memory.bytes();
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = from + to >>> 1;
            if (Long.compareUnsigned(mappings.getLong(middle * PageRecord.Smaps.SIZE + PageRecord.Smaps.START), start)
                    < 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        int at = from * PageRecord.Smaps.SIZE;
        if (from == count
                || mappings.getLong(at + PageRecord.Smaps.START) != start
                || mappings.getLong(at + PageRecord.Smaps.END) != end) {
            return false;
        }
        sums.add(mappings, at);
        return true;
    }

    /**
     * Adds the numbers of a mapping to sums, as {@link #add(long, long, SmapsBytes)}.
     *
     * @param mapping a mapping of the process
     * @param sums the sums to add to
     * @return false if smaps has no mapping with its range
     */
    public boolean add(Mapping mapping, SmapsBytes sums) {
        return add(mapping.start(), mapping.end(), sums);
    }

    /**
     * Returns the number of mappings.
     *
     * @return 0 before the first read
     */
    public int size() {
        return count;
    }

    @Override
    public String toString() {
        return "Smaps[" + count + " mappings]";
    }
}
