package org.mapfiles.internal;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import org.mapfiles.internal.MapRecord.Head;

/**
 * Memory of one picture of a process' mappings: head, records, search index, text. A snapshot has two of them and fills
 * them in turn, so that a picture in use stays whole while the next one is read.
 */
public final class SnapshotBuffer {
    /** What an ordinary process needs; a JVM has 200 to 300 mappings. */
    private static final int FIRST_MAPPINGS = 512;
    private static final int FIRST_TEXT = 64 * 1024;

    public final int mappingCapacity;
    public final int textCapacity;
    public final NativeMemory memory;
    /** Views of the parts, each of which bounds what is read through it; the records also as longs. */
    public final ByteBuffer records;
    public final LongBuffer words;
    public final ByteBuffer text;
    /** The search index, for {@link AddressIndex}; on the Java heap. */
    public final long[] index;

    private final ByteBuffer head;
    private final LongBuffer builtIndex;

    public SnapshotBuffer() {
        this(FIRST_MAPPINGS, FIRST_TEXT);
    }

    public SnapshotBuffer(int mappingCapacity, int textCapacity) {
        NativeLibrary.ensureLoaded();
        long size = NativeCalls.snapshotBytes(mappingCapacity, textCapacity);
        if (size == 0 || size > Integer.MAX_VALUE - 64) {
            throw new NativeMemory.TooLarge("a snapshot of " + Integer.toUnsignedString(mappingCapacity) + " mappings and "
                    + Integer.toUnsignedString(textCapacity) + " bytes of text");
        }
        this.mappingCapacity = mappingCapacity;
        this.textCapacity = textCapacity;
        memory = new NativeMemory((int) size);
        int rc = NativeCalls.snapshotInit(memory.address(), size, mappingCapacity, textCapacity);
        if (rc != 0) {
            throw new IllegalStateException("the native core refuses its memory: " + rc);
        }
        head = memory.slice(0, Head.SIZE);
        records = memory.slice(Head.SIZE, mappingCapacity * MapRecord.SIZE);
        words = records.asLongBuffer();
        builtIndex = memory.slice(head(Head.INDEX_OFFSET), head(Head.FILES_OFFSET) - head(Head.INDEX_OFFSET)).asLongBuffer();
        index = new long[builtIndex.capacity()];
        takeIndex();
        text = memory.slice(head(Head.TEXT_OFFSET), textCapacity);
    }

    /** Makes the index that was built with the records the one to search. */
    public void takeIndex() {
        AddressIndex.copy(builtIndex, index);
    }

    /** A field of the head. */
    public int head(int field) {
        return head.getInt(field);
    }

    /** A larger picture, once a read has found this one too small: somewhat more than was needed a moment ago, or as large as another. */
    public SnapshotBuffer grown(SnapshotBuffer other) {
        return new SnapshotBuffer(enlarged(Math.max(mappingCapacity, other.mappingCapacity), head(Head.NEEDED_MAPPINGS)),
                enlarged(Math.max(textCapacity, other.textCapacity), head(Head.NEEDED_TEXT)));
    }

    /** A capacity that holds somewhat more than was needed a moment ago. */
    public static int enlarged(int capacity, int needed) {
        long wanted = Integer.toUnsignedLong(needed);
        return wanted <= capacity ? capacity : (int) Math.min(wanted + wanted / 4 + 4096, Integer.MAX_VALUE);
    }
}
