package org.mapfiles.internal;

import java.io.FileDescriptor;
import java.nio.ByteBuffer;

/**
 * Declares the native functions, one for each C function. There is no logic and there are no checks here: addresses
 * come only from {@link NativeMemory}, and callers keep that memory reachable during the call. Results are 0, a
 * positive result, or a negative errno.
 */
public final class NativeCalls {
    private NativeCalls() {}

    /** Returns the address of the first byte of a direct buffer; 0 if the buffer is not direct. */
    public static native long addressOf(ByteBuffer direct);

    public static native int openSelf(long process);

    public static native int openPid(int pid, long process);

    /** Opens a process by its directory; the path ends in a NUL. */
    public static native int openDirectory(long path, long process);

    public static native void close(long process);

    public static native int pidOf(long process);

    public static native int denialReasons(int pid);

    public static native int callerPrivileges();

    public static native long snapshotBytes(int mappings, int text);

    public static native int snapshotInit(long memory, long bytes, int mappings, int text);

    public static native int snapshotRead(long process, int options, long previous, long out);

    public static native int snapshotParse(long text, int length, int options, long out);

    /** Returns another descriptor of the text of a process, to be closed by {@link #closeDescriptor}. */
    public static native int chunksOpen(long process);

    public static native long chunksRead(int descriptor, long to, long room, long offset);

    public static native int chunksAreWhole(long process, int descriptor);

    public static native int chunksParse(long process, long text, int length, int options, long out);

    public static native int query(long process, long address, int options, long result);

    public static native int deletion(long process, long mapping, long name);

    public static native int entriesListAccess(long process);

    public static native int entriesFollowAccess();

    public static native long entriesBytes(int entries, int text);

    public static native int entriesInit(long memory, long bytes, int entries, int text);

    public static native int entryRead(long process, long mapping, long name, int fields, long entry, long target);

    public static native int entriesRead(long process, long snapshot, int fields, long entries);

    public static native int fileState(long process, long mapping, long name);

    /** Returns the verification or a negative errno in the upper half, and the descriptor in the lower half. */
    public static native long fileOpen(long process, long mapping, long name, int options);

    public static native int fileQuickVerify(long process, long mapping, long name);

    public static native long fileSharingDomain(long process, long mapping, long name);

    public static native int fileVerify(long process, long mapping, int descriptor);

    public static native int memoryRead(long process, long address, long to, int bytes);

    public static native int targetMemoryOpen(long process, long memory);

    public static native void targetMemoryClose(long memory);

    public static native int targetMemoryRead(long memory, long address, long to, int bytes);

    public static native int targetMemoryReadAll(long memory, long pieces, int count);

    /** Replaces ascending addresses by 1 if their pages are in memory, else by 0. Returns 0 or a negative errno. */
    public static native int targetMemoryFindPages(long memory, long pages, int count);

    /** Returns the size of a cache of pages, in bytes. */
    public static native long pagesBytes(int slots);

    /**
     * Reads the tables of HotSpot from the next library after an address that has them; returns 0 or a negative errno.
     */
    public static native int vmTablesRead(long memory, long pages, int slots, long snapshot, long after, long tables);

    /** Reads the next ranges of pages; returns their number or a negative errno. */
    public static native int residentRead(long process, long snapshot, long walk, long out, int capacity);

    /** Reads smaps; returns the number of its mappings, which may exceed the capacity, or a negative errno. */
    public static native int smapsRead(long process, long out, int capacity);

    /** Reads smaps_rollup. */
    public static native int smapsTotal(long process, long out);

    /** Makes the number of an open descriptor refer to the file of another one. */
    public static native int adopt(FileDescriptor shell, int descriptor);

    public static native void closeDescriptor(int descriptor);

    /** Returns the number of descriptors that this process may have (RLIMIT_NOFILE); -1: it is unknown or unlimited. */
    public static native long descriptorLimit();

    /** Returns whether a descriptor is the writing end of a pipe or FIFO that has no reader (poll(2), POLLERR). */
    public static native boolean isReaderGone(int descriptor);

    /** Returns how many libraries the dynamic loader has added and removed; -1: it does not count. */
    public static native long loaderChanges();

    public static native long eventsBytes(int threads, int cpus);

    public static native int eventsInit(long memory, long bytes, int threads, int cpus);

    public static native int eventsOpen(long process, int options, int ringBytes, int wakeBytes, long events);

    public static native int eventsDrain(
            long events, long out, int capacity, long text, int textCapacity, long drained);

    public static native int eventsWait(long events, int millis);

    public static native void eventsWake(long events);

    public static native void eventsClose(long events);

    public static native int eventsDenialReasons();

    /** Writes the offsets of the fields of the structs as ints, in the order of the declarations in the header. */
    public static native int layout(long offsets, int room);

    /** Describes the bytes of an open file. */
    public static native int elfBytesOf(int descriptor, long bytes);

    /** Sets the elements of {@link FileIdentity}. */
    public static native int fileIdentity(int descriptor, long[] out);

    public static native int elfRead(long bytes, long elf);

    /** Writes the ELF address of a mapped address to a long. */
    public static native int elfAddress(long elf, long mapping, long address, long out);

    /**
     * Writes the load bias of a mapping to a long. The other mappings are those of the snapshot, or if it is 0, those
     * that the process has now.
     */
    public static native int elfLoadBias(long elf, long mapping, long snapshot, long process, long out);

    public static native int elfHtlhash(long bytes, long out);

    /** Finds a section; the name ends in a NUL. */
    public static native int elfSection(long bytes, long name, long section);

    public static native int symbolsRead(long bytes, long elf, long memory, long size);

    /**
     * Maps memory for one method, which unmaps it with {@link #scratchUnmap}. Returns its address, aligned to a page;
     * 0: there is too little memory.
     */
    public static native long scratchMap(long bytes);

    public static native void scratchUnmap(long address, long bytes);

    public static native void copyMemory(long from, long to, long bytes);

    public static native int symbolsFind(long symbols, long elfAddress, long symbol);

    public static native int symbolsName(long bytes, long symbols, long symbol, long to, int capacity);

    /**
     * Opens a file for reading in the root of a process (0: of this one); the path ends in a NUL. Returns a descriptor.
     */
    public static native int fileOpenInRoot(long process, long path);

    /**
     * Opens the file for reading that is at a path of a process now; the path ends in a NUL. Returns a descriptor.
     *
     * @param options 0: the path starts where those in maps start; 1: at the root of the process
     */
    public static native int fileOpenPath(long process, long path, int options);

    public static native long fileReadAt(int descriptor, long to, long bytes, long offset);

    /** Writes the constants of {@code ElfRecord}; returns their number. */
    public static native int symbolLayout(int[] out);
}
