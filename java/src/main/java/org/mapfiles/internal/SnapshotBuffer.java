package org.mapfiles.internal;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.mapfiles.internal.MapRecord.Head;

/**
 * The memory of a snapshot: head, mappings, search index and text. A {@code MapSnapshot} has two of them and reads into
 * them alternately, so that one stays valid while the next read is active.
 */
public final class SnapshotBuffer {
    /** Initial capacities, for an ordinary process; a JVM has 200 to 300 mappings. */
    private static final int FIRST_MAPPINGS = 512;

    private static final int FIRST_TEXT = 64 * 1024;

    public final int mappingCapacity;
    public final int textCapacity;
    public final NativeMemory memory;
    /** Views of the mappings, as bytes and as longs, and of the text. Each view bounds its reads. */
    public final ByteBuffer records;

    public final LongBuffer words;
    public final ByteBuffer text;
    /** The search index, for {@link AddressIndex}; on the Java heap. */
    public final long[] index;
    /** The flags of the mappings, for loops over arrays of them. */
    public final int[] flags;

    private final ByteBuffer head;
    private final LongBuffer builtIndex;
    private final IntBuffer builtFlags;

    public SnapshotBuffer() {
        this(FIRST_MAPPINGS, FIRST_TEXT);
    }

    public SnapshotBuffer(int mappingCapacity, int textCapacity) {
        NativeLibrary.ensureLoaded();
        long size = NativeCalls.snapshotBytes(mappingCapacity, textCapacity);
        if (size == 0 || size > Integer.MAX_VALUE - 64) {
            throw NativeMemory.TooLarge.of("a snapshot of " + Integer.toUnsignedString(mappingCapacity)
                    + " mappings and " + Integer.toUnsignedString(textCapacity) + " bytes of text");
        }
        this.mappingCapacity = mappingCapacity;
        this.textCapacity = textCapacity;
        memory = new NativeMemory((int) size);
        int rc = NativeCalls.snapshotInit(memory.address(), size, mappingCapacity, textCapacity);
        if (rc != 0) {
            throw new IllegalStateException("the native core rejects the memory of a snapshot: " + Errno.name(rc));
        }
        head = memory.slice(0, Head.SIZE);
        records = memory.slice(Head.SIZE, mappingCapacity * MapRecord.SIZE);
        words = records.asLongBuffer();
        ByteBuffer built = memory.slice(head(Head.INDEX_OFFSET), head(Head.FILES_OFFSET) - head(Head.INDEX_OFFSET));
        builtIndex = built.asLongBuffer();
        builtFlags = built.asIntBuffer();
        index = new long[builtIndex.capacity()];
        flags = new int[mappingCapacity];
        takeIndex();
        text = memory.slice(head(Head.TEXT_OFFSET), textCapacity);
    }

    /** Copies the index that the native core has built to the Java heap. */
    public void takeIndex() {
        AddressIndex.copy(builtIndex, index);
        AddressIndex.copyFlags(builtFlags, index, flags);
    }

    /** Returns a field of the head. */
    public int head(int field) {
        return head.getInt(field);
    }

    /**
     * Returns a larger buffer after a read with -ENOBUFS: the needed capacities with some slack, at least as large as
     * another buffer.
     */
    public SnapshotBuffer grown(SnapshotBuffer other) {
        return new SnapshotBuffer(
                enlarged(Math.max(mappingCapacity, other.mappingCapacity), head(Head.NEEDED_MAPPINGS)),
                enlarged(Math.max(textCapacity, other.textCapacity), head(Head.NEEDED_TEXT)));
    }

    /** Returns the needed capacity with some slack, or the present one if that is enough. */
    public static int enlarged(int capacity, int needed) {
        long wanted = Integer.toUnsignedLong(needed);
        return wanted <= capacity ? capacity : (int) Math.min(wanted + wanted / 4 + 4096, Integer.MAX_VALUE);
    }
}
