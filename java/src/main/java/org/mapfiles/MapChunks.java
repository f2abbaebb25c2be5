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
 * Reads the mappings of a process in parts, in order of address. It takes about 3 MB of direct memory, whatever the number of mappings,
 * and the first part is there before the rest is read. A {@link MapSnapshot} of 65,000 mappings takes 30 MB with its second block.
 *
 * <pre>{@code
 * try (MapChunks parts = maps.chunks(MapFilter.all())) {
 *     while (parts.next()) {
 *         for (MapCursor mapping = parts.chunk().cursor(); mapping.next(); ) {
 *             ...
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Mappings that fit into one part (4,096 mappings, 512 KiB of text) are read as {@link ProcessMaps#read} reads them: again, until
 * they are consistent. More are read once, since the caller has seen the first when the last are read. The kernel writes about a page of
 * text, some 40 mappings, at one time; mappings that change between two pages may be missing, or reported in an old and a new state.
 * {@link #isInconsistent()} reports the changes that show, which are ranges that overlap. The end of the process, or a call of execve(2), is an
 * exception at the end of the parts.
 *
 * <p>Thread-safe; but a part is overwritten by the next one. Closing the {@link ProcessMaps} does not end the reading of parts, other than
 * by an {@link IllegalStateException}. Without a {@link #close}, the garbage collector closes the descriptor.
 */
public final class MapChunks implements AutoCloseable {
    private static final int MAPPINGS = 4096;
    private static final int TEXT = 512 * 1024;
    private static final int READ = 64 * 1024;
    /** The buffer grows up to this for a long line: paths of nested directories have no limit of their own. */
    private static final int MAX_READ = 1 << 24;

    private enum State { BEFORE, READING, ENDED, CLOSED }

    private final ProcessMaps maps;
    private final MapFilter filter;
    private final MapSnapshot chunk = new MapSnapshot();
    private final MapCursor cursor = chunk.cursor();
    private final Text text = new Text();
    private final Cleaner.Cleanable cleanable;
    private State state = State.BEFORE;
    private NativeMemory buffer;
    /** Bytes of the text that were read. */
    private long position;
    /** Of these, those at the beginning of the buffer that are not a whole line yet. */
    private int carried;
    /** Bytes in the buffer that were read, and not parsed since memory for them was missing; else 0. */
    private int unparsed;
    private long end;
    private boolean inconsistent;

    MapChunks(ProcessMaps maps, MapFilter filter) {
        this.maps = maps;
        this.filter = filter;
        this.cleanable = SharedCleaner.register(this, text);
    }

    /** The descriptor that parts are read through. */
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
     * Reads the next chunk. A part may be empty where few mappings pass the filter.
     *
     * @return false after the last part
     * @throws ProcessExitedException if the process has ended, also between two parts
     * @throws MapsException if it called execve(2) between two parts, or as {@link ProcessMaps#read}
     * @throws NotEnoughMemoryException if there is not enough memory for one chunk; the next call returns that part
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
                    throw new IllegalStateException("these MapChunks are closed");
            }
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a part of the mappings of process " + maps.pid(), e);
        } finally {
            Reference.reachabilityFence(this); // else the cleaner may close the descriptor in use
        }
    }

    /** Reads all mappings at once; false if they do not fit into one chunk. */
    private boolean readWhole() throws MapsException {
        boolean mayGrow = (filter.bits() & MapRecord.BY_QUERY) != 0; // that backend has no text to read in parts
        int rc = chunk.fillUpTo(mayGrow ? 0 : MAPPINGS, TEXT, filter, maps);
        if (rc == Errno.ENOBUFS) {
            buffer = new NativeMemory(READ); // first: without memory for it, no descriptor is opened
            text.descriptor = maps.openText();
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
        noteOverlap();
        return true;
    }

    /** Reads text after what is carried. @return the number of bytes, 0 at the end */
    private int readText() throws MapsException {
        if (carried == buffer.size() && carried < MAX_READ) {
            NativeMemory larger = new NativeMemory(2 * carried);
            larger.bytes().put(0, ByteSlices.copy(buffer.bytes(), 0, carried));
            buffer = larger;
        }
        long count = NativeCalls.chunksRead(text.descriptor, buffer.address() + carried, buffer.size() - carried, position);
        buffer.keepUntilHere();
        if (count < 0) {
            throw maps.failure((int) count);
        }
        position += count;
        return (int) count;
    }

    private boolean atEnd() throws MapsException {
        state = State.ENDED;
        maps.checkWhole(text.descriptor);
        if (carried > 0) {
            chunk.fillFromText(maps, filter, buffer, carried); // throws: it is not a line
        }
        return false;
    }

    private void noteOverlap() {
        inconsistent |= chunk.isInconsistent();
        if (chunk.size() > 0) {
            cursor.reset();
            inconsistent |= Long.compareUnsigned(cursor.seek(0).start(), end) < 0;
            end = cursor.seek(chunk.size() - 1).end();
        }
    }

    /**
     * Returns the part that {@link #next} has read: a snapshot of some of the mappings, which the next call overwrites. Its file indices
     * are of this part alone.
     */
    public MapSnapshot chunk() {
        return chunk;
    }

    /** Returns whether mappings of the parts read so far overlap: they changed meanwhile. */
    public synchronized boolean isInconsistent() {
        return inconsistent;
    }

    /** Closes the descriptor. The last part stays. Closing again does nothing. */
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
