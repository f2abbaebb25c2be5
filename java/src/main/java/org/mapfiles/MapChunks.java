package org.mapfiles;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SharedCleaner;

/**
 * Reads the mappings of a process in chunks, in order of address. It takes about 3 MB of direct memory, whatever the
 * number of mappings. A {@link MapSnapshot} of 65,000 mappings takes 30 MB. The first chunk is available before the
 * rest is read.
 *
 * <pre>{@code
 * try (MapChunks chunks = maps.chunks(MapFilter.all())) {
 *     while (chunks.next()) {
 *         for (MapCursor mapping = chunks.chunk().cursor(); mapping.next(); ) {
 *             ...
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Mappings that fit into one chunk (4,096 mappings, 512 KiB of text) are read as {@link ProcessMaps#read} reads
 * them: an inconsistent read is repeated. More mappings are read only once, because the caller already has the first
 * ones. The kernel writes about a page of text, some 40 mappings, at a time. Mappings that change between two pages may
 * be missing, or be reported in an old and a new state. {@link #isInconsistent()} returns whether ranges overlap. If
 * the process exits or calls execve(2), {@link #next} throws at the latest after the last chunk.
 *
 * <p>Thread-safe, but each chunk overwrites the one before. Reading a chunk allocates a little. After a close of the
 * {@link ProcessMaps}, {@link #next} throws {@link IllegalStateException}. Without a {@link #close}, the garbage
 * collector closes the descriptor.
 */
public final class MapChunks implements AutoCloseable {
    private static final int MAPPINGS = 4096;
    private static final int TEXT = 512 * 1024;
    private static final int READ = 64 * 1024;
    /**
     * Maximum of the buffer, in bytes. It grows for long lines: the kernel has no limit for paths of nested
     * directories.
     */
    private static final int MAX_READ = 1 << 24;

    private enum State {
        BEFORE,
        READING,
        ENDED,
        CLOSED
    }

    private final ProcessMaps maps;
    private final MapFilter filter;
    private final MapSnapshot chunk = new MapSnapshot();
    private final MapCursor cursor = chunk.cursor();
    private final Text text = new Text();
    private final Cleaner.Cleanable cleanable;
    private State state = State.BEFORE;
    private NativeMemory buffer; // set before the state is READING
    /** Number of bytes of the text that were read. */
    private long position;
    /** Number of these bytes that are at the beginning of the buffer and are not a whole line yet. */
    private int carried;
    /** Number of bytes in the buffer that were not parsed because of too little memory; else 0. */
    private int unparsed;

    private long end;
    private boolean inconsistent;

    private MapChunks(ProcessMaps maps, MapFilter filter) {
        this.maps = maps;
        this.filter = filter;
        this.cleanable = SharedCleaner.register(this, text);
    }

    static MapChunks of(ProcessMaps maps, MapFilter filter) throws NotEnoughMemoryException {
        try {
            return new MapChunks(maps, filter);
        } catch (OutOfMemoryError e) {
            throw notEnoughMemory(maps, e);
        }
    }

    private static NotEnoughMemoryException notEnoughMemory(ProcessMaps maps, OutOfMemoryError cause) {
        return new NotEnoughMemoryException("a chunk of the mappings of process " + maps.pid(), cause);
    }

    /** The descriptor that chunks are read through. */
    private static final class Text implements Runnable {
        private int descriptor = -1;

        @Override
        public void run() {
            if (descriptor >= 0) {
                NativeCalls.closeDescriptor(descriptor);
            }
            descriptor = -1;
        }
    }

    /**
     * Reads the next chunk. A chunk may be empty if few mappings pass the filter.
     *
     * @return whether there was another chunk
     * @throws ProcessExitedException if the process has exited, also between two chunks
     * @throws NotEnoughMemoryException if this JVM has too little memory for a chunk; the next call reads that chunk
     *     again
     * @throws MapsException if the process called execve(2) between two chunks; and as {@link ProcessMaps#read}
     * @throws IllegalStateException after {@link #close}
     */
    public synchronized boolean next() throws MapsException {
        try {
            switch (state) {
                case BEFORE:
                    return readWhole() || readNext();
                case READING:
                    return readNext();
                case ENDED:
                    return false;
                default:
                    throw new IllegalStateException("this MapChunks is closed: call ProcessMaps.chunks() for another");
            }
        } catch (OutOfMemoryError e) {
            throw notEnoughMemory(maps, e);
        } finally {
            Reference.reachabilityFence(this); // otherwise the cleaner may close the descriptor during the read
        }
    }

    /** Reads all mappings into one chunk; returns false if they do not fit. */
    private boolean readWhole() throws MapsException {
        boolean mayGrow = (filter.bits() & MapRecord.BY_QUERY) != 0; // that backend has no text to read in chunks
        int rc = chunk.fillUpTo(mayGrow ? 0 : MAPPINGS, TEXT, filter, maps);
        if (rc == Errno.ENOBUFS) {
            buffer = new NativeMemory(READ); // before the descriptor: if there is no memory, none is opened
            text.descriptor = maps.reads().openText();
            state = State.READING;
            return false;
        }
        if (rc < 0) {
            throw maps.failure(rc);
        }
        state = State.ENDED;
        inconsistent = chunk.isInconsistent();
        return true;
    }

    private boolean readNext() throws MapsException {
        int length = unparsed;
        if (length == 0) {
            int count = readText();
            if (count == 0) {
                return atEnd();
            }
            length = carried + count;
            unparsed = length;
        }
        int whole = length;
        while (whole > 0 && buffer.bytes().get(whole - 1) != '\n') {
            whole--;
        }
        int rc = chunk.fillFromText(maps, filter, buffer, whole);
        if (rc < 0) {
            throw maps.failure(rc);
        }
        carried = length - whole;
        buffer.bytes().put(0, ByteSlices.copy(buffer.bytes(), whole, carried));
        unparsed = 0;
        recordOverlap();
        return true;
    }

    /** Reads text after the carried bytes; returns the number of bytes, 0 at the end. */
    private int readText() throws MapsException {
        if (carried == buffer.size() && carried < MAX_READ) {
            NativeMemory larger = new NativeMemory(2 * carried);
            larger.bytes().put(0, ByteSlices.copy(buffer.bytes(), 0, carried));
            buffer = larger;
        }
        long count =
                NativeCalls.chunksRead(text.descriptor, buffer.address() + carried, buffer.size() - carried, position);
        buffer.keepUntilHere();
        if (count < 0) {
            throw maps.failure((int) count);
        }
        position += count;
        return (int) count;
    }

    private boolean atEnd() throws MapsException {
        state = State.ENDED;
        maps.reads().checkWhole(text.descriptor);
        if (carried > 0) {
            chunk.fillFromText(maps, filter, buffer, carried); // throws, because it is not a whole line
        }
        return false;
    }

    private void recordOverlap() {
        inconsistent |= chunk.isInconsistent();
        if (chunk.size() > 0) {
            cursor.reset();
            inconsistent |= Long.compareUnsigned(cursor.seek(0).start(), end) < 0;
            end = cursor.seek(chunk.size() - 1).end();
        }
    }

    /**
     * Returns the chunk that {@link #next} has read: a snapshot of some of the mappings, which the next call
     * overwrites. Its file indices are valid in this chunk only.
     *
     * @return always the same object
     */
    public MapSnapshot chunk() {
        return chunk;
    }

    /**
     * Returns whether mappings of the chunks that were read overlap, because they changed between two reads.
     *
     * @return whether the chunks are inconsistent
     */
    public synchronized boolean isInconsistent() {
        return inconsistent;
    }

    /** Closes the descriptor. The last chunk stays readable. A second close does nothing. */
    @Override
    public synchronized void close() {
        state = State.CLOSED;
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "MapChunks[" + maps.pid() + "]";
    }
}
