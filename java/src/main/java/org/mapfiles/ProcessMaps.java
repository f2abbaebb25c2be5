package org.mapfiles;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.SharedCleaner;

/**
 * An open process, whose mappings can be read. It holds open descriptors, so a recycled PID is never mistaken for it.
 * After execve(2) the mappings of the new program are read.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid)) {
 *     MapSnapshot snapshot = maps.snapshot();
 *     int found = snapshot.find(address);
 *     ...
 *     if (maps.refresh(snapshot)) {
 *         // something has changed
 *     }
 * }
 * }</pre>
 *
 * <p>Thread-safe. Reads of the text of one process wait for each other; queries do not. In steady state, methods that
 * write to an object of the caller allocate nothing. After {@link #close}, methods that read throw
 * {@link IllegalStateException}. A close lets calls of other threads finish. Without a close, the garbage collector
 * closes the two descriptors.
 *
 * <p>Methods that read throw
 *
 * <ul>
 *   <li>{@link ProcessExitedException} if the process has exited,
 *   <li>{@link PermissionDeniedException} if the kernel denies access,
 *   <li>{@link NotSupportedException} if the process is a kernel thread, or the kernel is too old for the requested
 *       backend,
 *   <li>{@link NotEnoughMemoryException} if this JVM has too little memory,
 *   <li>{@link MapsException} for any other failure.
 * </ul>
 */
public final class ProcessMaps implements AutoCloseable {
    private final OpenProcess process;
    private final Cleaner.Cleanable cleanable;
    private final int pid;
    /** The PID in the proc file system at /proc; 0: unknown. */
    private final int pidAtProc;

    private final ProcessReads reads;
    private @Nullable TextQueries textQueries; // made by the first query that needs it

    static {
        Access.give();
    }

    ProcessMaps(OpenProcess process, int pid, int pidAtProc) {
        this.process = process;
        this.pid = pid;
        this.pidAtProc = pidAtProc;
        this.reads = new ProcessReads(this);
        this.cleanable = SharedCleaner.register(this, process);
    }

    /**
     * Opens the process of this JVM. Allocates; takes two descriptors.
     *
     * @return an open process, to be closed by the caller
     * @throws NotSupportedException if no proc file system is mounted at /proc
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException if descriptors or memory of the kernel are used up
     */
    public static ProcessMaps self() throws MapsException {
        return ProcessOpener.openSelf();
    }

    /**
     * Opens a process by its PID. Allocates; takes two descriptors.
     *
     * @param pid from 1 to 2<sup>31</sup>-1, in the PID namespace of /proc; the number of a thread means its process
     * @return an open process, to be closed by the caller
     * @throws IllegalArgumentException if the PID is out of range
     * @throws ProcessExitedException if there is no such process, or it has exited
     * @throws PermissionDeniedException if the kernel denies access
     * @throws NotSupportedException if the process is a kernel thread, or no proc file system is mounted at /proc
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException if descriptors or memory of the kernel are used up
     */
    public static ProcessMaps of(long pid) throws MapsException {
        if (pid < 1 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("not a PID: " + pid + ": pass a number from 1 to " + Integer.MAX_VALUE);
        }
        return ProcessOpener.open((int) pid);
    }

    /**
     * Opens the process of a handle. A recycled PID is never mistaken for it. Allocates; takes two descriptors.
     *
     * @param handle a process that is alive
     * @return an open process, to be closed by the caller
     * @throws ProcessExitedException if the process has exited
     * @throws MapsException as {@link #of(long)}
     */
    public static ProcessMaps of(ProcessHandle handle) throws MapsException {
        ProcessMaps maps = of(handle.pid());
        // compares start times: a process that is alive now also had the PID when it was opened
        if (!handle.isAlive()) {
            boolean isReadable = ProcessHandle.current().isAlive(); // the JDK reads /proc, and reports no failure
            if (!isReadable || !handle.isAlive()) {
                maps.close();
                throw isReadable
                        ? Exceptions.of(Errno.ESRCH, "process " + handle.pid(), 0)
                        : new MapsException("this JVM cannot read whether process " + handle.pid()
                                + " is alive: /proc is not readable, or no file descriptor is free (ulimit -n)");
            }
        }
        return maps;
    }

    /**
     * Opens a process by its directory in a proc file system, which may be mounted anywhere, such as
     * {@code /host/proc/123} in a container. Allocates; takes two descriptors.
     *
     * @param procDirectory the directory of a process, or a symbolic link to it
     * @return an open process, to be closed by the caller
     * @throws IllegalArgumentException if the path is something else
     * @throws ProcessExitedException if the directory does not exist, or the process has exited
     * @throws MapsException as {@link #of(long)}
     */
    public static ProcessMaps of(Path procDirectory) throws MapsException {
        return ProcessOpener.open(Objects.requireNonNull(procDirectory, "procDirectory"));
    }

    /**
     * Returns the maximum number of mappings of a process (vm.max_map_count). Allocates.
     *
     * @return -1: unknown
     */
    public static long maxMappings() {
        try (InputStream in = new FileInputStream("/proc/sys/vm/max_map_count")) {
            byte[] text = new byte[32]; // one read: files of /proc/sys return nothing at any other offset
            return Long.parseLong(new String(text, 0, Math.max(in.read(text), 0), StandardCharsets.US_ASCII).strip());
        } catch (IOException | IllegalArgumentException unknown) {
            return -1;
        }
    }

    /**
     * Returns how many libraries the dynamic loader has added to and removed from this process (dl_iterate_phdr(3)). If
     * the number is the same as before, no library was loaded or unloaded; other mappings may have changed. Makes no
     * system call and allocates nothing. Thread-safe.
     *
     * @return 0 or more; -1: the C library does not count
     */
    public static long loaderChanges() {
        NativeLibrary.ensureLoaded();
        return NativeCalls.loaderChanges();
    }

    /**
     * Returns the PID of the process in the proc file system that it was opened in.
     *
     * @return above 0
     */
    public int pid() {
        return pid;
    }

    /** Returns the PID in the PID namespace of this process; 0: unknown. */
    int pidAtProc() {
        return pidAtProc;
    }

    OpenProcess process() {
        return process;
    }

    ProcessReads reads() {
        return reads;
    }

    /**
     * Returns a new snapshot of all mappings. Allocates it; {@link #refresh} reuses it.
     *
     * @return a snapshot
     * @throws ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public MapSnapshot snapshot() throws MapsException {
        return snapshot(MapFilter.all());
    }

    /**
     * Returns a new snapshot of the mappings that pass a filter. Allocates it; {@link #refresh} reuses it.
     *
     * @param filter the properties of the mappings, and the backend
     * @return a snapshot
     * @throws ProcessExitedException if the process has exited
     * @throws NotSupportedException if the filter has {@link Backend#QUERY} and the kernel is before Linux 6.11
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public MapSnapshot snapshot(MapFilter filter) throws MapsException {
        MapSnapshot snapshot = newSnapshot();
        read(snapshot, filter);
        return snapshot;
    }

    /** Returns an empty snapshot. */
    MapSnapshot newSnapshot() throws MapsException {
        try {
            return new MapSnapshot();
        } catch (OutOfMemoryError e) {
            throw Exceptions.notEnoughMemory("a snapshot of process " + pid, e);
        }
    }

    /**
     * Returns a reader that reads the mappings that pass a filter in chunks, for processes with very many mappings.
     * Reads nothing yet.
     *
     * @param filter the properties of the mappings, and the backend
     * @return a reader, to be closed by the caller
     * @throws NotEnoughMemoryException if this JVM has too little memory
     */
    public MapChunks chunks(MapFilter filter) throws NotEnoughMemoryException {
        Objects.requireNonNull(filter, "filter");
        return MapChunks.of(this, filter);
    }

    /**
     * Reads the mappings that pass a filter into a snapshot. If that fails, the snapshot is unchanged.
     *
     * @param snapshot receives the mappings
     * @param filter the properties of the mappings, and the backend
     * @throws ProcessExitedException if the process has exited
     * @throws NotSupportedException if the filter has {@link Backend#QUERY} and the kernel is before Linux 6.11
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public void read(MapSnapshot snapshot, MapFilter filter) throws MapsException {
        Objects.requireNonNull(filter, "filter");
        fill(snapshot, filter, false);
    }

    /**
     * Reads the mappings again into a snapshot, with the filter of its last read. If nothing has changed, the cost is
     * the read and a comparison, and cursors and indices stay valid. If the read fails, the snapshot is unchanged.
     *
     * @param snapshot receives the mappings; a snapshot of another process is read anew
     * @return whether mappings have changed
     * @throws ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean refresh(MapSnapshot snapshot) throws MapsException {
        return fill(snapshot, snapshot.filter(), true) == 1;
    }

    /**
     * Reads the mappings until two reads in a row are equal. One read is not atomic; two equal reads differ from an
     * atomic read only if a mapping moved away and back in between.
     *
     * @param snapshot receives the mappings of the last read
     * @param maxReads maximum number of reads, at least 1
     * @return whether two reads were equal; false if the process changed its mappings during all reads
     * @throws IllegalArgumentException if {@code maxReads} is below 1
     * @throws ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean readStable(MapSnapshot snapshot, int maxReads) throws MapsException {
        if (maxReads < 1) {
            throw new IllegalArgumentException("maxReads is below 1: " + maxReads);
        }
        int reads = 0;
        while (refresh(snapshot)) {
            if (++reads == maxReads) {
                return false;
            }
        }
        return true;
    }

    private int fill(MapSnapshot snapshot, MapFilter filter, boolean compare) throws MapsException {
        int rc = snapshot.fill(filter, this, compare);
        if (rc < 0) {
            throw failure(rc);
        }
        return rc;
    }

    /**
     * Queries the kernel for the mapping that covers an address now. One system call on Linux 6.11+; before, the whole
     * text is read. Allocates nothing in steady state.
     *
     * @param address any 64-bit value
     * @param result receives the mapping; empty if no mapping covers the address
     * @return whether a mapping covers the address
     * @throws ProcessExitedException if the process has exited
     * @throws IllegalStateException if this is closed, or another thread is querying with {@code result}
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean query(long address, MappingQuery result) throws MapsException {
        return query(address, MapFilter.all(), false, result);
    }

    /**
     * Queries the kernel as {@link #query(long, MappingQuery)}. If no mapping covers the address, the next mapping
     * above it is the result.
     *
     * @param address any 64-bit value
     * @param result receives the mapping; empty if there is none
     * @return whether a mapping covers the address or is above it
     * @throws ProcessExitedException if the process has exited
     * @throws IllegalStateException if this is closed, or another thread is querying with {@code result}
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean queryOrNext(long address, MappingQuery result) throws MapsException {
        return query(address, MapFilter.all(), true, result);
    }

    /**
     * Queries the kernel as {@link #query(long, MappingQuery)} among the mappings that pass a filter.
     *
     * @param address any 64-bit value
     * @param filter the properties of the mapping, and the backend
     * @param orNext whether the next mapping above the address is the result if no mapping covers the address
     * @param result receives the mapping; empty if there is none
     * @return whether there is such a mapping
     * @throws ProcessExitedException if the process has exited
     * @throws NotSupportedException if the filter has {@link Backend#QUERY} and the kernel is before Linux 6.11
     * @throws IllegalStateException if this is closed, or another thread is querying with {@code result}
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean query(long address, MapFilter filter, boolean orNext, MappingQuery result) throws MapsException {
        int bits = filter.bits();
        int options = bits & ~(MapRecord.BY_TEXT | MapRecord.BY_QUERY)
                | (orNext ? MapRecord.COVERING_OR_NEXT : 0)
                | result.bits();
        boolean isFound = false;
        long to = result.beginQuery();
        try {
            int rc = (bits & MapRecord.BY_TEXT) != 0 ? Errno.ENOTTY : reads.query(address, options, to);
            if (rc == Errno.ENAMETOOLONG || rc == Errno.ENOTTY && (bits & MapRecord.BY_QUERY) == 0) {
                isFound = textQueries().query(address, filter, orNext, result);
            } else if (rc < 0 && rc != Errno.ENOENT) {
                throw failure(rc);
            } else {
                isFound = rc == 0;
            }
        } finally {
            result.endQuery(isFound);
        }
        return isFound;
    }

    private synchronized TextQueries textQueries() {
        if (textQueries == null) {
            textQueries = new TextQueries(this);
        }
        return textQueries;
    }

    /**
     * Reads memory of the process: for images without a file, such as {@code [vdso]}. Needs permission to attach to it
     * (ptrace(2)). Allocates a buffer of up to 64 KiB.
     *
     * <p>Blocks until each page is provided by its file system, such as FUSE or NFS, or by a userfaultfd(2) handler of
     * the process. A process can make that last for ever; the blocked thread cannot be interrupted.
     *
     * @param address any 64-bit value
     * @param to receives the bytes
     * @param at index in the array of the first byte
     * @param length number of bytes to read, 0 or more
     * @return the number of bytes read, fewer if unreadable memory follows; -1 if no byte can be read; 0 if
     *     {@code length} is 0
     * @throws IndexOutOfBoundsException if the array has no such range
     * @throws ProcessExitedException if the process has exited
     * @throws PermissionDeniedException if the kernel denies attaching
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException for any other failure, as described for the class
     */
    public int readMemory(long address, byte[] to, int at, int length) throws MapsException {
        Objects.checkFromIndexSize(at, length, to.length);
        return MemoryReads.read(this, address, to, at, length);
    }

    MapsException failure(int errno) {
        // read from memory that was released, but the process has other memory now
        return errno == Errno.ESRCH && reads.hasMemory()
                ? Exceptions.otherProgram("process " + pid)
                : Exceptions.of(errno, "process " + pid, pidAtProc);
    }

    /**
     * Closes the descriptors, now or when the last active call of another thread returns. A second close does nothing.
     */
    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "ProcessMaps[" + pid + "]";
    }
}
