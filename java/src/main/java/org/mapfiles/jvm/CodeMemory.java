package org.mapfiles.jvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The two images of recorded code that native code writes alternately (code_store.h, code_image.h), as read-only
 * buffers. The memory exists until the process ends.
 *
 * <pre>
 * head    0           4                 8            16            24   32     40    48           52       56             64
 *         |compactions|compactions begun|image bytes |image offset |low |cache |lost |used before |size at |compile ID at |lost offset
 *
 * image   0      8    16              24        28       32   36    ...  table: a unit for each segment
 *         |bytes |low |evicted before |segments |buckets |log |used
 *
 * record  0      4     8      16   24      32        40       44    48    52    56             60        64   68      72    76
 *         |units |kind |start |end |loaded |unloaded |compile |head |size |name |first segment |segments |pcs |scopes |tier |entry |
 *         80     84     88
 *         |flags |round |
 *         then: a unit for each segment, of the record before; (offset, scope) for each pc; (name, bci, caller) for each scope
 *
 * name    0      4     8    16    20            22           24                 32
 *         |units |kind |key |next |class length |name length |signature length  |text
 * </pre>
 *
 * A unit is an offset from the start of the image in steps of 8 bytes; 0 is none. The bits at the lost offset are those
 * of segments with code that was not recorded.
 */
final class CodeMemory {
    static final int COMPACTIONS = 0;
    static final int COMPACTIONS_BEGUN = COMPACTIONS + Integer.BYTES;

    static final int CACHE_LOW = 24;
    static final int CACHE_BYTES = CACHE_LOW + Long.BYTES;
    static final int USED_BEFORE = CACHE_BYTES + 2 * Long.BYTES;
    static final int SIZE_AT = USED_BEFORE + Integer.BYTES;
    static final int COMPILE_ID_AT = SIZE_AT + Integer.BYTES;
    static final int LOST_OFFSET = COMPILE_ID_AT + 2 * Integer.BYTES;

    static final int LOW = Long.BYTES;
    static final int EVICTED_BEFORE = LOW + Long.BYTES;
    static final int SEGMENTS = EVICTED_BEFORE + Long.BYTES;
    static final int LOG = SEGMENTS + 2 * Integer.BYTES;
    static final int USED = LOG + Integer.BYTES;
    static final int TABLE = USED + 6 * Integer.BYTES;

    static final int UNITS = 0;
    static final int KIND = UNITS + Integer.BYTES;
    static final int START = KIND + Integer.BYTES;
    static final int END = START + Long.BYTES;
    static final int LOADED = END + Long.BYTES;
    static final int UNLOADED = LOADED + Long.BYTES;
    static final int COMPILE_ID = UNLOADED + Long.BYTES;
    static final int HEAD = COMPILE_ID + Integer.BYTES;
    static final int BLOB_BYTES = HEAD + Integer.BYTES;
    static final int NAME = BLOB_BYTES + Integer.BYTES;
    static final int FIRST_SEGMENT = NAME + Integer.BYTES;
    static final int RECORD_SEGMENTS = FIRST_SEGMENT + Integer.BYTES;
    static final int PCS = RECORD_SEGMENTS + Integer.BYTES;
    static final int SCOPES = PCS + Integer.BYTES;
    static final int TIER = SCOPES + Integer.BYTES;
    static final int ENTRY_BCI = TIER + Integer.BYTES;
    static final int FLAGS = ENTRY_BCI + Integer.BYTES;
    static final int RECORD_SIZE = FLAGS + 2 * Integer.BYTES;

    static final int PC_SIZE = 2 * Integer.BYTES;
    static final int SCOPE_SIZE = 3 * Integer.BYTES;
    static final int NO_SCOPE = -1;

    static final int KEY = START;
    static final int CLASS_LENGTH = KEY + Long.BYTES + Integer.BYTES;
    static final int NAME_LENGTH = CLASS_LENGTH + Short.BYTES;
    static final int SIGNATURE_LENGTH = NAME_LENGTH + Short.BYTES;
    static final int TEXT = SIGNATURE_LENGTH + 4 * Short.BYTES;

    static final int KIND_NAME = 0;
    static final int KIND_METHOD = 1;
    static final int KIND_STUB = 2;
    static final int WAS_THERE = 1 << 1;

    static final int SEGMENT_SHIFT = 7;
    static final int UNIT = Long.BYTES;

    private static final VarHandle INTS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final ByteBuffer head;
    private final ByteBuffer even;
    private final ByteBuffer odd;
    /** The code cache. Its pages are mapped wherever code was recorded: the JVM never returns them to the kernel. */
    private final ByteBuffer cache;

    /** Start and end of the interpreter; zeros: unknown. */
    private final long[] interpreter = new long[2];

    private final long low;
    private final int usedBefore;
    private final int sizeAt;
    private final int compileIdAt;
    private final int lostOffset;

    CodeMemory(ByteBuffer head, ByteBuffer even, ByteBuffer odd, ByteBuffer cache) {
        this.head = readable(head);
        this.even = readable(even);
        this.odd = readable(odd);
        this.cache = readable(cache);
        low = this.head.getLong(CACHE_LOW);
        usedBefore = this.head.getInt(USED_BEFORE);
        sizeAt = this.head.getInt(SIZE_AT);
        compileIdAt = this.head.getInt(COMPILE_ID_AT);
        lostOffset = Math.toIntExact(this.head.getLong(LOST_OFFSET));
        JvmCalls.interpreterRange(interpreter);
    }

    private static ByteBuffer readable(ByteBuffer memory) {
        return memory.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
    }

    /** Returns the number of compactions: the image of the last one is to be read. */
    int compaction() {
        return (int) INTS.getAcquire(head, COMPACTIONS);
    }

    ByteBuffer image(int compaction) {
        return (compaction & 1) == 0 ? even : odd;
    }

    /** Returns whether the image of a compaction had not been overwritten until now. Called after reading. */
    boolean wasWhole(int compaction) {
        VarHandle.acquireFence();
        return (int) INTS.getOpaque(head, COMPACTIONS_BEGUN) - compaction < 2;
    }

    /**
     * Returns whether a recorded method is still in its place, as {@code is_there()} of code_store.c does. The
     * arguments are those of a record that {@link #wasWhole}.
     */
    boolean isThere(long start, int headBytes, int blobBytes, int compileId) {
        if (usedBefore == 0 || headBytes == 0) {
            return true; // unknown: nothing contradicts the record
        }
        int nmethod = (int) (start - low) - headBytes;
        return cache.get(nmethod - usedBefore) != 0
                && cache.getInt(nmethod + sizeAt) == blobBytes
                && cache.getInt(nmethod + compileIdAt) == compileId;
    }

    /** Returns whether the JVM reported code at an address, or within 128 bytes, that was not recorded. */
    boolean isLost(long address) {
        long segment = address - low >>> SEGMENT_SHIFT;
        return Long.compareUnsigned(address - low, head.getLong(CACHE_BYTES)) < 0
                && (head.get(lostOffset + (int) (segment >>> 3)) >>> (segment & 7) & 1) != 0;
    }

    /** Returns whether code is in the interpreter, or is all of it. */
    boolean isInterpreter(long start, long end) {
        return start < interpreter[1] && end > interpreter[0]; // addresses of this process
    }

    static int intAcquired(ByteBuffer image, int at) {
        return (int) INTS.getAcquire(image, at);
    }

    static long longAcquired(ByteBuffer image, int at) {
        return (long) LONGS.getAcquire(image, at);
    }
}
