package org.mapfiles;

import java.io.FileDescriptor;
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

    static native int callerPrivileges();

    static native long snapshotBytes(int mappings, int text);

    static native int snapshotInit(long memory, long bytes, int mappings, int text);

    static native int snapshotRead(long process, int question, long previous, long out);

    static native int snapshotParse(long text, int length, int question, long out);

    /** A descriptor of the text of a process' mappings, which only its reader uses; to be closed by {@link #closeDescriptor}. */
    static native int partsOpen(long process);

    static native long partsRead(int descriptor, long to, long room, long offset);

    static native int partsAreWhole(long process, int descriptor);

    static native int partsParse(long process, long text, int length, int question, long out);

    static native int query(long process, long address, int how, long answer);

    static native int deletion(long process, long mapping, long name);

    static native int mayListEntries(long process);

    static native int mayFollowEntries();

    static native long entriesBytes(int entries, int text);

    static native int entriesInit(long memory, long bytes, int entries, int text);

    static native int entryRead(long process, long mapping, long name, int what, long entry, long target);

    static native int entriesRead(long process, long snapshot, int what, long entries);

    static native int fileState(long process, long mapping, long name);

    /** The proof, or a negative errno, in the upper half; the descriptor in the lower. */
    static native long fileOpen(long process, long mapping, long name, int how);

    static native int fileGlance(long process, long mapping, long name);

    static native long fileScope(long process, long mapping, long name);

    static native int fileProve(long process, long mapping, int descriptor);

    static native int memoryRead(long process, long address, long to, int bytes);

    static native int targetMemoryOpen(long process, long memory);

    static native void targetMemoryClose(long memory);

    static native int targetMemoryRead(long memory, long address, long to, int bytes);

    static native int targetMemoryReadAll(long memory, long pieces, int count);

    /** Bytes that a cache of so many pages takes. */
    static native long pagesBytes(int slots);

    /** Reads HotSpot's tables from the next library behind an address that has them: 0 or a negative errno. */
    static native int vmTablesRead(long memory, long pages, int slots, long snapshot, long after, long tables);

    /** Lets an open descriptor's number stand for another one's file. */
    static native int adopt(FileDescriptor shell, int descriptor);

    static native void closeDescriptor(int descriptor);

    /** Writes the numbers of libraries added and removed to two longs. */
    static native int loaderCounts(long counts);

    static native long eventsBytes(int threads, int cpus);

    static native int eventsInit(long memory, long bytes, int threads, int cpus);

    static native int eventsOpen(long process, int what, int ringBytes, int wakeBytes, long events);

    static native int eventsDrain(long events, long out, int capacity, long text, int textCapacity, long drained);

    static native int eventsWait(long events, int millis);

    static native void eventsWake(long events);

    static native void eventsClose(long events);

    static native int eventsRefusalReasons();

    /** Writes the offsets of the structs' fields as ints, in the order of the declarations in the header. */
    static native int layout(long offsets, int room);
}
