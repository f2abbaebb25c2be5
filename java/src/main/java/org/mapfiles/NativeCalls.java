package org.mapfiles;

import java.nio.ByteBuffer;

/**
 * The native functions, one to one. No logic and no checks here: addresses come from {@link NativeMemory} alone, and the
 * callers keep that memory reachable during the call. Results are 0, a positive answer, or a negative errno.
 */
final class NativeCalls {
    private NativeCalls() {
    }

    /** Address of a direct buffer's first byte; 0 if it is not direct. */
    static native long addressOf(ByteBuffer direct);

    static native int openSelf(long process);

    static native int openPid(int pid, long process);

    static native int openPidfd(int pidfd, long process);

    static native int openDirectory(int descriptor, long process);

    static native void close(long process);

    static native int pidOf(long process);

    static native int refusalReasons(int pid);

    static native long snapshotBytes(int mappings, int text);

    static native int snapshotInit(long memory, long bytes, int mappings, int text);

    static native int snapshotRead(long process, int question, long previous, long out);

    static native int snapshotParse(long text, int length, int question, long out);

    static native int query(long process, long address, int how, long answer);

    static native int deletion(long process, long mapping, long name);

    /** Writes the numbers of libraries added and removed to two longs. */
    static native int loaderCounts(long counts);

    /** Writes the offsets of the structs' fields as ints, in the order of the declarations in the header. */
    static native int layout(long offsets, int room);
}
