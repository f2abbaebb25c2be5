package org.mapfiles.jvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The two images of recorded code that native code writes alternately (code_store.h, code_image.h), as read-only buffers. The memory exists
 * until the process ends.
 *
 * <pre>
 * head    0           4                 8            16            24   32
 *         |compactions|compactions begun|image bytes |image offset |low |cache
 *
 * image   0      8    16              24        28       32   36    ...  table: a unit for each segment
 *         |bytes |low |evicted before |segments |buckets |log |used
 *
 * record  0      4     8      16   24      32        40    44             48        52   56      60    64       68     72     76     80
 *         |units |kind |start |end |loaded |unloaded |name |first segment |segments |pcs |scopes |tier |compile |entry |flags |round |
 *         then: a unit for each segment, of the record before; (offset, scope) for each pc; (name, bci, caller) for each scope
 *
 * name    0      4     8    16    20            22           24                 32
 *         |units |kind |key |next |class length |name length |signature length  |text
 * </pre>
 *
 * A unit is an offset from the start of the image in steps of 8 bytes; 0 is none.
 */
final class CodeMemory {
    static final int COMPACTIONS = 0;
    static final int COMPACTIONS_BEGUN = COMPACTIONS + Integer.BYTES;

    static final int LOW = Long.BYTES;
    static final int EVICTED_BEFORE = LOW + Long.BYTES;
    static final int SEGMENTS = EVICTED_BEFORE + Long.BYTES;
    static final int LOG = SEGMENTS + 2 * Integer.BYTES;
    static final int USED = LOG + Integer.BYTES;
    static final int TABLE = USED + 5 * Integer.BYTES;

    static final int UNITS = 0;
    static final int KIND = UNITS + Integer.BYTES;
    static final int START = KIND + Integer.BYTES;
    static final int END = START + Long.BYTES;
    static final int LOADED = END + Long.BYTES;
    static final int UNLOADED = LOADED + Long.BYTES;
    static final int NAME = UNLOADED + Long.BYTES;
    static final int FIRST_SEGMENT = NAME + Integer.BYTES;
    static final int RECORD_SEGMENTS = FIRST_SEGMENT + Integer.BYTES;
    static final int PCS = RECORD_SEGMENTS + Integer.BYTES;
    static final int SCOPES = PCS + Integer.BYTES;
    static final int TIER = SCOPES + Integer.BYTES;
    static final int COMPILE_ID = TIER + Integer.BYTES;
    static final int ENTRY_BCI = COMPILE_ID + Integer.BYTES;
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

    CodeMemory(ByteBuffer head, ByteBuffer even, ByteBuffer odd) {
        this.head = readable(head);
        this.even = readable(even);
        this.odd = readable(odd);
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

    static int intAcquired(ByteBuffer image, int at) {
        return (int) INTS.getAcquire(image, at);
    }

    static long longAcquired(ByteBuffer image, int at) {
        return (long) LONGS.getAcquire(image, at);
    }
}
