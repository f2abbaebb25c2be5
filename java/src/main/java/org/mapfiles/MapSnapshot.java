package org.mapfiles;

import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.mapfiles.internal.AddressIndex;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Head;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * A picture of the mappings of a process at one time, in order of address, none overlapping another.
 *
 * <p>A snapshot is made once and filled again and again by {@link ProcessMaps#read} and {@link ProcessMaps#refresh}: in
 * steady state that allocates nothing, and it takes more memory when the process has grown. A read that fails leaves the
 * picture that was there; so does one for which this JVM has too little memory ({@link NotEnoughMemoryException}).
 *
 * <p>Any number of threads may look things up. While another thread fills the snapshot, {@link #find} answers from one whole
 * picture, the old or the new one; cursors notice that their picture is no longer the present one. Indices are of one
 * picture: they mean another mapping once {@link ProcessMaps#refresh} has answered that something changed.
 *
 * <p>The memory is the garbage collector's; there is nothing to close.
 */
public final class MapSnapshot implements Iterable<ImmutableMapping> {
    static {
        Access.give();
    }

    /** Changes with each new picture, before the memory of the last but one is written to. */
    private volatile int version;
    /** The same, to be looked at without order. */
    private int versionInPassing;
    private volatile SnapshotBuffer buffer;
    private SnapshotBuffer spare;
    private MapFilter filter = MapFilter.all();
    private ProcessMaps owner;
    final NameCache fileNames = new NameCache();
    /** For mappings without a file, by kind and length: [vvar] and [vvar_vclock] are of one kind. */
    final NameCache specialNames = new NameCache();

    /** An empty snapshot with room for an ordinary process; it grows as it must. */
    public MapSnapshot() {
        buffer = new SnapshotBuffer();
    }

    /**
     * A snapshot of saved text: the content of a /proc/pid/maps of a 64-bit kernel.
     *
     * <p>Kinds are told from names alone, and {@link Deletion#DELETED} is never said, as nobody can be asked any more.
     *
     * @throws MalformedMapsException if a line is not as the kernel writes it
     * @throws IllegalArgumentException if the filter asks for {@link Backend#QUERY}
     * @throws NotEnoughMemoryException if this JVM has too little memory, or the text is too long for a snapshot (2 GiB with its index)
     */
    public static MapSnapshot ofText(byte[] text, MapFilter filter) throws MalformedMapsException, NotEnoughMemoryException {
        try {
            MapSnapshot snapshot = new MapSnapshot();
            NativeMemory copy = new NativeMemory(text.length);
            copy.bytes().put(0, text);
            int rc = snapshot.fillFromText(null, filter, copy, text.length);
            if (rc < 0) {
                throw new IllegalArgumentException("text cannot be asked by " + filter);
            }
            return snapshot;
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a snapshot of " + text.length + " bytes of text", e);
        }
    }

    /**
     * Fills a picture from a process.
     *
     * @param compare whether to answer 0 where the picture of the last time is still right
     * @return 1: a new picture; 0: unchanged; else a negative errno, and the picture is the one before
     */
    synchronized int fill(MapFilter wanted, ProcessMaps process, boolean compare) throws MapsException {
        boolean comparable = compare && process == owner && wanted.equals(filter);
        try {
            return fill(wanted, process, comparable ? buffer : null, null, 0, true);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a snapshot of process " + process.pid(), e);
        }
    }

    /** As {@link #fill}, with room for so many mappings and bytes of text at most: -ENOBUFS where there are more. 0: no limit. */
    synchronized int fillUpTo(int mappings, int textBytes, MapFilter wanted, ProcessMaps process) throws MalformedMapsException {
        if (mappings > 0) {
            spare = new SnapshotBuffer(mappings, textBytes);
        }
        return fill(wanted, process, null, null, 0, mappings == 0);
    }

    /** Fills a picture from text: saved, or just read of a process, which then is asked for what the text hides. */
    synchronized int fillFromText(ProcessMaps process, MapFilter wanted, NativeMemory lines, int length) throws MalformedMapsException {
        return fill(wanted, process, null, lines, length, true);
    }

    private int fill(MapFilter wanted, ProcessMaps process, SnapshotBuffer before, NativeMemory lines, int length, boolean mayGrow)
            throws MalformedMapsException {
        SnapshotBuffer front = buffer;
        for (;;) {
            if (spare == null) {
                spare = new SnapshotBuffer(front.mappingCapacity, front.textCapacity);
            }
            int rc = lines == null
                    ? process.readInto(wanted.bits(), before != null ? front.memory.address() : 0, spare.memory.address())
                    : process == null ? NativeCalls.snapshotParse(lines.address(), length, wanted.bits(), spare.memory.address())
                    : process.parseInto(wanted.bits() & ~MapRecord.BY_QUERY, lines.address(), length, spare.memory.address());
            Reference.reachabilityFence(lines);
            front.memory.keepUntilHere();
            spare.memory.keepUntilHere();
            if (rc == Errno.ENOBUFS && mayGrow) { // only now: where there is no memory for more, that a process is unchanged, or gone, is still told
                spare = spare.grown(front);
            } else if (rc == Errno.EBADMSG) {
                throw badLine(spare);
            } else {
                if (rc == 1) {
                    show(front, wanted, process);
                }
                return rc;
            }
        }
    }

    /** The spare picture becomes the present one; the one before is written to next time at the earliest. */
    private void show(SnapshotBuffer front, MapFilter wanted, ProcessMaps process) {
        spare.takeIndex();
        buffer = spare;
        spare = front;
        filter = wanted;
        owner = process;
        versionInPassing++;
        version = versionInPassing;
        VarHandle.fullFence();
    }

    private static MalformedMapsException badLine(SnapshotBuffer bad) {
        int line = bad.head(Head.ERROR_LINE);
        int length = Math.min(bad.head(Head.ERROR_LENGTH), 200);
        String text = new String(ByteSlices.copy(bad.text, bad.head(Head.ERROR_OFFSET), length), StandardCharsets.UTF_8);
        return new MalformedMapsException("line " + line + " is not a line of /proc/pid/maps: \"" + text + "\"", line);
    }

    /** Mappings in the picture. */
    public int size() {
        return head(Head.MAPPING_COUNT);
    }

    /** Different files in the picture, by name, device and inode: {@link Mapping#fileIndex()} runs from 0 to below it. */
    public int fileCount() {
        return head(Head.FILE_COUNT);
    }

    /** How the picture was taken; null before the first one. */
    public Backend backend() {
        int bit = head(Head.BACKEND);
        return bit == 0 ? null : bit == MapRecord.BY_TEXT ? Backend.TEXT : Backend.QUERY;
    }

    /**
     * Whether mappings changed during every one of several reads, so that the picture mixes states of the process. It is in
     * order all the same: where the kernel told of overlapping mappings the newer word holds.
     *
     * <p>Told from parts that contradict each other. The kernel gives no atomic picture, and not every mix shows: a mapping that
     * moved elsewhere during the read may be missing, or be there twice; what stood still is there. Where that matters,
     * {@link ProcessMaps#readStable} reads until two pictures in a row are the same.
     */
    public boolean isInconsistent() {
        return head(Head.INCONSISTENT) != 0;
    }

    /** Reads thrown away for this picture, since mappings changed during them or the process called execve(2). */
    public int retries() {
        return head(Head.RETRIES);
    }

    /** A cursor before the first mapping. Allocates it; {@link MapCursor#reset()} makes it serve again. */
    public MapCursor cursor() {
        return new MapCursor(this);
    }

    /**
     * Returns an iterator over copies of the mappings, in order of address. Allocates each copy; {@link #cursor} allocates nothing. Once the
     * snapshot has been filled anew, the iterator throws {@link IllegalStateException}.
     */
    @Override
    public Iterator<ImmutableMapping> iterator() {
        return new Copies(cursor());
    }

    /** Returns a stream of what {@link #iterator} returns. */
    public Stream<ImmutableMapping> stream() {
        return StreamSupport.stream(spliterator(), false);
    }

    @Override
    public Spliterator<ImmutableMapping> spliterator() {
        Copies copies = new Copies(cursor());
        return Spliterators.spliterator(copies, copies.size(),
                Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL | Spliterator.IMMUTABLE);
    }

    private static final class Copies implements Iterator<ImmutableMapping> {
        private final MapCursor cursor;
        private int next;

        Copies(MapCursor cursor) {
            this.cursor = cursor;
        }

        int size() {
            return cursor.mappingCount();
        }

        @Override
        public boolean hasNext() {
            return next < size();
        }

        @Override
        public ImmutableMapping next() {
            if (!hasNext()) {
                throw new NoSuchElementException("there are " + size() + " mappings");
            }
            return cursor.seek(next++).copy();
        }
    }

    /**
     * Returns a copy of the mapping that covers an address; empty if none does. Allocates; {@link #find} and {@link MapCursor#goTo} do not.
     *
     * @param address any 64-bit value
     */
    public Optional<ImmutableMapping> at(long address) {
        MapCursor cursor = cursor();
        while (cursor.goTo(address)) {
            try {
                return Optional.of(cursor.copy());
            } catch (IllegalStateException newer) {
                // the snapshot was filled anew meanwhile
            }
        }
        return Optional.empty();
    }

    /**
     * Index of the mapping that covers an address, or -1. Allocates nothing and calls no native code.
     *
     * @param address any 64-bit value
     */
    public int find(long address) {
        for (;;) {
            int seen = version;
            try {
                int found = AddressIndex.find(buffer.index, address);
                if (isWhole(seen)) {
                    return found;
                }
            } catch (IndexOutOfBoundsException e) {
                rethrowIfWhole(seen, e);
            }
        }
    }

    /**
     * {@link #find(long)} for many addresses in any order, all in one picture.
     *
     * @throws IndexOutOfBoundsException if there is less room for indices than addresses
     */
    public void find(long[] addresses, int[] indices) {
        Objects.checkFromIndexSize(0, addresses.length, indices.length);
        for (;;) {
            int seen = version;
            try {
                AddressIndex.findAll(buffer.index, addresses, indices);
            } catch (IndexOutOfBoundsException e) {
                rethrowIfWhole(seen, e);
            }
            if (isWhole(seen)) {
                return;
            }
        }
    }

    /**
     * Byte of its file that an address shows, or -1 where no mapping covers it or that has no file. Allocates nothing.
     *
     * @param address any 64-bit value
     */
    public long fileOffset(long address) {
        for (;;) {
            int seen = version;
            long offset = -1;
            try {
                SnapshotBuffer now = buffer;
                int at = AddressIndex.find(now.index, address) * MapRecord.SIZE;
                if (at >= 0 && (now.records.getInt(at + MapRecord.FLAGS) & MapRecord.FILE_BACKED) != 0) {
                    offset = address - now.records.getLong(at + MapRecord.START) + now.records.getLong(at + MapRecord.OFFSET);
                }
            } catch (IndexOutOfBoundsException e) {
                rethrowIfWhole(seen, e);
            }
            if (isWhole(seen)) {
                return offset;
            }
        }
    }

    private int head(int field) {
        for (;;) {
            int seen = version;
            int value = buffer.head(field);
            if (isWhole(seen)) {
                return value;
            }
        }
    }

    /** Whether what was read since then came from one picture: its memory is written to only after the version has changed. */
    private boolean isWhole(int seen) {
        VarHandle.loadLoadFence();
        return version == seen;
    }

    /** A search over memory that is being filled again may leave it; only otherwise is that an error. */
    void rethrowIfWhole(int seen, IndexOutOfBoundsException e) {
        if (isWhole(seen)) {
            throw e;
        }
    }

    SnapshotBuffer buffer() {
        return buffer;
    }

    ProcessMaps owner() {
        return owner;
    }

    int version() {
        return version;
    }

    int versionInPassing() {
        return versionInPassing;
    }

    MapFilter filter() {
        return filter;
    }

    @Override
    public String toString() {
        return "MapSnapshot[" + size() + " mappings of " + fileCount() + " files" + (isInconsistent() ? ", inconsistent" : "") + "]";
    }
}
