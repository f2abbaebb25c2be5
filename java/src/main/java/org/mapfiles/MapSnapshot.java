package org.mapfiles;

import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.util.Iterator;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.internal.AddressIndex;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Head;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * The mappings of a process as read at one time, in order of address and without overlaps.
 *
 * <p>A snapshot is made once and read into repeatedly by {@link ProcessMaps#read} and {@link ProcessMaps#refresh}. In
 * steady state that allocates nothing; if the process has more mappings than before, the snapshot takes more memory. A
 * read that fails leaves the snapshot as it was, also if this JVM has too little memory
 * ({@link NotEnoughMemoryException}).
 *
 * <p>Thread-safe. While one thread reads into the snapshot, any number of threads may call {@link #find}. Each call
 * returns a result from one whole read, the old or the new one. Cursors throw {@link IllegalStateException} after a
 * read with changes. An index is valid until {@link ProcessMaps#refresh} returns true; after that it may mean another
 * mapping.
 *
 * <p>The garbage collector frees the memory. There is nothing to close.
 */
public final class MapSnapshot implements Iterable<ImmutableMapping> {
    static {
        Access.give();
    }

    /** Changes with each new content, before the buffer that was replaced before is written to. */
    private volatile int version;
    /** The same number for unordered reads. */
    private int unorderedVersion;

    private volatile SnapshotBuffer buffer;
    /** The buffer that the next read writes to. */
    private @Nullable SnapshotBuffer spare;

    private MapFilter filter = MapFilter.all();
    private @Nullable ProcessMaps owner;
    final NameCache fileNames = new NameCache();
    /** Names of mappings without a file, by kind and length: [vvar] and [vvar_vclock] have the same kind. */
    final NameCache specialNames = new NameCache();

    /**
     * Makes an empty snapshot with capacity for 512 mappings and 64 KiB of text. It grows if a process has more.
     *
     * @throws OutOfMemoryError if this JVM has too little memory
     */
    public MapSnapshot() {
        buffer = new SnapshotBuffer();
    }

    /**
     * Returns a snapshot of saved text of a /proc/PID/maps of a 64-bit kernel. Allocates the snapshot and a copy of the
     * text.
     *
     * <p>Kinds are derived from names alone. {@link Deletion#DELETED} is never returned, and names that contain
     * {@code \012} stay ambiguous, because the process that could be queried is unknown. A name that begins with
     * {@code /} is that of a file, also if device and inode are 0, as in text made from a core file.
     *
     * <p>The text is rejected if one line is wrong. {@code org.mapfiles.saved.SavedMaps} reads files and leaves such
     * lines out; it also reads smaps, and text with CR LF.
     *
     * @param text raw bytes; each line ends with a newline; may be empty
     * @param filter which mappings the snapshot holds
     * @return the snapshot
     * @throws MalformedMapsException if a line is not as the kernel writes it; the message quotes the line and names
     *     the reason
     * @throws IllegalArgumentException if the filter has {@link Backend#QUERY}
     * @throws NotEnoughMemoryException if this JVM has too little memory, or the snapshot would take more than 2 GiB
     */
    public static MapSnapshot ofText(byte[] text, MapFilter filter)
            throws MalformedMapsException, NotEnoughMemoryException {
        return TextSnapshots.snapshot(Objects.requireNonNull(text, "text"), filter);
    }

    /**
     * Reads the mappings of a process.
     *
     * @param compare whether to return 0 if nothing has changed since the last read
     * @return 1: changed; 0: unchanged; or a negative errno, and the snapshot is unchanged
     */
    synchronized int fill(MapFilter wanted, ProcessMaps process, boolean compare) throws MapsException {
        boolean comparable = compare && process == owner && wanted.equals(filter);
        try {
            return whole(fill(wanted, process, comparable ? buffer : null, null, 0, true), Integer.MAX_VALUE);
        } catch (OutOfMemoryError e) {
            throw Exceptions.notEnoughMemory("a snapshot of process " + process.pid(), e);
        }
    }

    /**
     * As {@link #fill}, with a maximum of mappings and bytes of text: returns -ENOBUFS if there are more. 0: no
     * maximum.
     */
    synchronized int fillUpTo(int mappings, int textBytes, MapFilter wanted, ProcessMaps process) throws MapsException {
        if (mappings > 0) {
            spare = new SnapshotBuffer(mappings, textBytes);
        }
        return whole(fill(wanted, process, null, null, 0, mappings == 0), Integer.MAX_VALUE);
    }

    /** Parses text that was just read from a process. The process is queried for the facts that the text lacks. */
    synchronized int fillFromText(ProcessMaps process, MapFilter wanted, NativeMemory lines, int length)
            throws MapsException {
        return whole(fill(wanted, process, null, lines, length, true), length);
    }

    /**
     * Parses saved text. Returns as {@link #fill(MapFilter, ProcessMaps, SnapshotBuffer, NativeMemory, int, boolean)}.
     */
    synchronized int fillFromSaved(MapFilter wanted, NativeMemory lines, int length) {
        return fill(wanted, null, null, lines, length, true);
    }

    /** Returns the memory that was last written to: after EBADMSG it holds the offset of the malformed line. */
    SnapshotBuffer unpublished() {
        return spare;
    }

    /** Returns the result of a read. Throws the exception for EBADMSG. */
    private int whole(int rc, int textLength) throws MapsException {
        if (rc == Errno.EBADMSG) {
            throw Exceptions.malformed(spare, textLength);
        }
        return rc;
    }

    /** Returns 1: changed; 0: unchanged; or a negative errno. EBADMSG: a line is malformed. */
    private int fill(
            MapFilter wanted,
            @Nullable ProcessMaps process,
            @Nullable SnapshotBuffer before,
            @Nullable NativeMemory lines,
            int length,
            boolean mayGrow) {
        SnapshotBuffer front = buffer;
        for (; ; ) {
            if (spare == null) {
                spare = new SnapshotBuffer(front.mappingCapacity, front.textCapacity);
            }
            int rc = lines == null
                    ? process.reads()
                            .readInto(
                                    wanted.bits(), before != null ? front.memory.address() : 0, spare.memory.address())
                    : process == null
                            ? NativeCalls.snapshotParse(lines.address(), length, wanted.bits(), spare.memory.address())
                            : process.reads()
                                    .parseInto(
                                            wanted.bits() & ~MapRecord.BY_QUERY,
                                            lines.address(),
                                            length,
                                            spare.memory.address());
            Reference.reachabilityFence(lines);
            front.memory.keepUntilHere();
            spare.memory.keepUntilHere();
            // after the read: with too little memory "unchanged" and "exited" are still reported
            if (rc == Errno.ENOBUFS && mayGrow) {
                spare = spare.grown(front);
            } else {
                if (rc == 1) {
                    publish(front, wanted, process);
                }
                return rc;
            }
        }
    }

    /** Replaces the buffer by the spare one. The replaced buffer is written to by the next read at the earliest. */
    private void publish(SnapshotBuffer front, MapFilter wanted, @Nullable ProcessMaps process) {
        spare.takeIndex();
        buffer = spare;
        spare = front;
        filter = wanted;
        owner = process;
        unorderedVersion++;
        version = unorderedVersion;
        VarHandle.fullFence();
    }

    /**
     * Returns the number of mappings. Allocates nothing.
     *
     * @return 0 before the first read
     */
    public int size() {
        return head(Head.MAPPING_COUNT);
    }

    /**
     * Returns the number of different files, by name, device and inode. {@link Mapping#fileIndex()} is from 0 to below
     * this.
     *
     * @return the number of files
     */
    public int fileCount() {
        return head(Head.FILE_COUNT);
    }

    /**
     * Returns how the mappings were read.
     *
     * @return empty before the first read
     */
    public Optional<Backend> backend() {
        int bit = head(Head.BACKEND);
        return bit == 0 ? Optional.empty() : Optional.of(bit == MapRecord.BY_TEXT ? Backend.TEXT : Backend.QUERY);
    }

    /**
     * Returns whether the lines of the snapshot contradict each other, because mappings changed during every one of
     * several reads. The mappings of an inconsistent snapshot do not overlap either: of two overlapping lines, the
     * later one counts.
     *
     * <p>The kernel does not provide an atomic list, and not every mix of states can be detected. A mapping that moves
     * during the read may be missing or duplicated. A mapping that does not move is there.
     * {@link ProcessMaps#readStable} reads until two reads in a row are equal.
     *
     * @return whether the snapshot is inconsistent
     */
    public boolean isInconsistent() {
        return head(Head.INCONSISTENT) != 0;
    }

    /**
     * Returns the number of reads that were repeated, because mappings changed during them or the process called
     * execve(2).
     *
     * @return 0 if the first read was consistent
     */
    public int retries() {
        return head(Head.RETRIES);
    }

    /**
     * Returns a new cursor before the first mapping. Allocates it; {@link MapCursor#reset()} allows its reuse.
     *
     * @return a cursor for one thread
     */
    public MapCursor cursor() {
        return new MapCursor(this);
    }

    /**
     * Returns an iterator over copies of the mappings, in order of address. Allocates each copy; a {@link #cursor} does
     * not. After the snapshot is refreshed with changes, the iterator throws {@link IllegalStateException}.
     */
    @Override
    public Iterator<ImmutableMapping> iterator() {
        return new MappingCopies(cursor());
    }

    /**
     * Returns a stream of copies of the mappings, in order of address, as {@link #iterator}.
     *
     * @return a sequential stream
     */
    public Stream<ImmutableMapping> stream() {
        return StreamSupport.stream(spliterator(), false);
    }

    @Override
    public Spliterator<ImmutableMapping> spliterator() {
        MappingCopies copies = new MappingCopies(cursor());
        return Spliterators.spliterator(
                copies,
                copies.size(),
                Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL | Spliterator.IMMUTABLE);
    }

    /**
     * Returns a copy of the mapping that covers an address. Allocates; {@link #find} and {@link MapCursor#goTo} do not.
     *
     * @param address any 64-bit value
     * @return empty if no mapping covers the address
     */
    public Optional<ImmutableMapping> at(long address) {
        MapCursor cursor = cursor();
        while (cursor.goTo(address)) {
            try {
                return Optional.of(cursor.copy());
            } catch (IllegalStateException refreshed) {
                // the snapshot was refreshed between goTo() and copy(): try again
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the index of the mapping that covers an address, or -1. Allocates nothing and calls no native code.
     * Thread-safe.
     *
     * @param address any 64-bit value
     * @return -1 if no mapping covers the address
     */
    public int find(long address) {
        for (; ; ) {
            int versionBefore = version;
            try {
                int found = AddressIndex.find(buffer.index, address);
                if (isValid(versionBefore)) {
                    return found;
                }
            } catch (IndexOutOfBoundsException e) {
                rethrowIfValid(versionBefore, e);
            }
        }
    }

    /**
     * Calls {@link #find(long)} for many addresses in any order, all in the same state of the snapshot. Allocates
     * nothing.
     *
     * @param addresses any 64-bit values
     * @param indices {@code indices[i]} is set to the result for {@code addresses[i]}
     * @throws IndexOutOfBoundsException if {@code indices} is shorter than {@code addresses}
     */
    public void find(long[] addresses, int[] indices) {
        Objects.checkFromIndexSize(0, addresses.length, indices.length);
        for (; ; ) {
            int versionBefore = version;
            try {
                AddressIndex.findAll(buffer.index, addresses, indices);
            } catch (IndexOutOfBoundsException e) {
                rethrowIfValid(versionBefore, e);
            }
            if (isValid(versionBefore)) {
                return;
            }
        }
    }

    /**
     * Returns the file offset of an address, in bytes, or -1. Allocates nothing. Thread-safe.
     *
     * @param address any 64-bit value
     * @return -1 if no mapping covers the address, or the mapping has no file
     */
    public long fileOffset(long address) {
        for (; ; ) {
            int versionBefore = version;
            long offset = -1;
            try {
                SnapshotBuffer now = buffer;
                int at = AddressIndex.find(now.index, address) * MapRecord.SIZE;
                if (at >= 0 && (now.records.getInt(at + MapRecord.FLAGS) & MapRecord.FILE_BACKED) != 0) {
                    offset = address
                            - now.records.getLong(at + MapRecord.START)
                            + now.records.getLong(at + MapRecord.OFFSET);
                }
            } catch (IndexOutOfBoundsException e) {
                rethrowIfValid(versionBefore, e);
            }
            if (isValid(versionBefore)) {
                return offset;
            }
        }
    }

    /**
     * Copies the start, the end and the flags of each mapping, in order of address, all of the same state of the
     * snapshot. For a loop over all mappings this is faster than a {@link #cursor}. Allocates nothing. Thread-safe.
     *
     * @param starts {@code starts[i]} is set to {@link Mapping#start()} of the mapping with index {@code i}
     * @param ends {@code ends[i]} is set to {@link Mapping#end()}
     * @param flags {@code flags[i]} is set to {@link Mapping#flags()}
     * @return the number of mappings. If it is larger than an array, the arrays are unchanged or hold a part of an
     *     earlier state: call again with larger ones
     */
    public int copyRanges(long[] starts, long[] ends, int[] flags) {
        int capacity = Math.min(Math.min(starts.length, ends.length), flags.length);
        for (; ; ) {
            int versionBefore = version;
            SnapshotBuffer now = buffer;
            int count = now.head(Head.MAPPING_COUNT);
            try {
                if (count <= capacity) {
                    AddressIndex.copyRanges(now.index, count, starts, ends);
                    System.arraycopy(now.flags, 0, flags, 0, count);
                }
            } catch (IndexOutOfBoundsException e) {
                rethrowIfValid(versionBefore, e);
            }
            if (isValid(versionBefore)) {
                return count;
            }
        }
    }

    private int head(int field) {
        for (; ; ) {
            int versionBefore = version;
            int value = buffer.head(field);
            if (isValid(versionBefore)) {
                return value;
            }
        }
    }

    /** Returns whether all reads since then are valid: a buffer is overwritten only after the version has changed. */
    private boolean isValid(int versionBefore) {
        VarHandle.loadLoadFence();
        return version == versionBefore;
    }

    /** Rethrows the exception of a search, unless the memory was being overwritten: then the search may leave it. */
    void rethrowIfValid(int versionBefore, IndexOutOfBoundsException e) {
        if (isValid(versionBefore)) {
            throw e;
        }
    }

    SnapshotBuffer buffer() {
        return buffer;
    }

    @Nullable
    ProcessMaps owner() {
        return owner;
    }

    int version() {
        return version;
    }

    int unorderedVersion() {
        return unorderedVersion;
    }

    MapFilter filter() {
        return filter;
    }

    @Override
    public String toString() {
        return "MapSnapshot[" + size() + " mappings of " + fileCount() + " files"
                + (isInconsistent() ? ", inconsistent" : "") + "]";
    }
}
