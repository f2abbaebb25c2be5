package org.mapfiles.internal;

import java.io.FileDescriptor;
import java.nio.ByteBuffer;

/**
 * The native functions, one to one. No logic and no checks here: addresses come from {@link NativeMemory} alone, and the
 * callers keep that memory reachable during the call. Results are 0, a positive answer, or a negative errno.
 */
public final class NativeCalls {
    private NativeCalls() {
    }

    /** Address of a direct buffer's first byte; 0 if it is not direct. */
    public static native long addressOf(ByteBuffer direct);

    public static native int openSelf(long process);

    public static native int openPid(int pid, long process);

    /** @param path bytes that end in a NUL */
    public static native int openDirectory(long path, long process);

    public static native void close(long process);

    public static native int pidOf(long process);

    public static native int denialReasons(int pid);

    public static native int callerPrivileges();

    public static native long snapshotBytes(int mappings, int text);

    public static native int snapshotInit(long memory, long bytes, int mappings, int text);

    public static native int snapshotRead(long process, int question, long previous, long out);

    public static native int snapshotParse(long text, int length, int question, long out);

    /** A descriptor of the text of a process' mappings, which only its reader uses; to be closed by {@link #closeDescriptor}. */
    public static native int chunksOpen(long process);

    public static native long chunksRead(int descriptor, long to, long room, long offset);

    public static native int chunksAreWhole(long process, int descriptor);

    public static native int chunksParse(long process, long text, int length, int question, long out);

    public static native int query(long process, long address, int how, long answer);

    public static native int deletion(long process, long mapping, long name);

    public static native int entriesListAccess(long process);

    public static native int entriesFollowAccess();

    public static native long entriesBytes(int entries, int text);

    public static native int entriesInit(long memory, long bytes, int entries, int text);

    public static native int entryRead(long process, long mapping, long name, int what, long entry, long target);

    public static native int entriesRead(long process, long snapshot, int what, long entries);

    public static native int fileState(long process, long mapping, long name);

    /** The proof, or a negative errno, in the upper half; the descriptor in the lower. */
    public static native long fileOpen(long process, long mapping, long name, int how);

    public static native int fileQuickVerify(long process, long mapping, long name);

    public static native long fileSharingDomain(long process, long mapping, long name);

    public static native int fileVerify(long process, long mapping, int descriptor);

    public static native int memoryRead(long process, long address, long to, int bytes);

    public static native int targetMemoryOpen(long process, long memory);

    public static native void targetMemoryClose(long memory);

    public static native int targetMemoryRead(long memory, long address, long to, int bytes);

    public static native int targetMemoryReadAll(long memory, long pieces, int count);

    /** Bytes that a cache of so many pages takes. */
    public static native long pagesBytes(int slots);

    /** Reads HotSpot's tables from the next library behind an address that has them: 0 or a negative errno. */
    public static native int vmTablesRead(long memory, long pages, int slots, long snapshot, long after, long tables);

    /** Lets an open descriptor's number stand for another one's file. */
    public static native int adopt(FileDescriptor shell, int descriptor);

    public static native void closeDescriptor(int descriptor);

    /** Returns whether a descriptor is the writing end of a pipe or FIFO that has no reader (poll(2), POLLERR). */
    public static native boolean isReaderGone(int descriptor);

    /** Writes the numbers of libraries added and removed to two longs. */
    public static native int loaderCounts(long counts);

    public static native long eventsBytes(int threads, int cpus);

    public static native int eventsInit(long memory, long bytes, int threads, int cpus);

    public static native int eventsOpen(long process, int what, int ringBytes, int wakeBytes, long events);

    public static native int eventsDrain(long events, long out, int capacity, long text, int textCapacity, long drained);

    public static native int eventsWait(long events, int millis);

    public static native void eventsWake(long events);

    public static native void eventsClose(long events);

    public static native int eventsDenialReasons();

    /** Writes the offsets of the structs' fields as ints, in the order of the declarations in the header. */
    public static native int layout(long offsets, int room);
}
