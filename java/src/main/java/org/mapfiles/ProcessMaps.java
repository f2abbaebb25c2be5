package org.mapfiles;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.SharedCleaner;

/**
 * A process whose mappings can be read. It is held by descriptors: a later process with the same pid is never mistaken for
 * it, and a program that it replaces itself with (execve(2)) is followed.
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
 * <p>Thread-safe. Reads of one process by its text wait for each other, queries do not. In steady state no method that takes
 * its result's holder allocates. After {@link #close} every method throws {@link IllegalStateException}; a close while
 * another thread is in a method lets that finish. Without a close, the garbage collector gives the two descriptors back.
 *
 * <p>The methods that read throw {@link ProcessExitedException} where the process has ended, {@link PermissionDeniedException}
 * where the kernel refuses a look, {@link NotSupportedException} where there is nothing to look at or the kernel is too
 * old for what was asked, {@link NotEnoughMemoryException} where this JVM has too little memory for a snapshot, and
 * {@link MapsException} for any other failure.
 */
public final class ProcessMaps implements AutoCloseable {
    /** In which the JDK has decoded the bytes of paths. */
    private static final Charset PATH_ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final OpenProcess process;
    private final Cleaner.Cleanable cleanable;
    private final int pid;
    /** Or 0: not known to have one. */
    private final int pidAtProc;
    private final Object textLock = new Object();
    private final TextQueries textQueries = new TextQueries(this);

    static {
        Access.give();
    }

    private ProcessMaps(OpenProcess process, int pid, int pidAtProc) {
        this.process = process;
        this.pid = pid;
        this.pidAtProc = pidAtProc;
        this.cleanable = SharedCleaner.register(this, process);
    }

    /** Opens this process. */
    public static ProcessMaps self() throws MapsException {
        OpenProcess process = newProcess();
        return opened(process, process.openSelf(), "this process");
    }

    /**
     * Opens a process.
     *
     * @param pid as in the pid namespace of /proc; the number of a thread means its process
     * @throws IllegalArgumentException if it is below 1 or no int: never a pid
     */
    public static ProcessMaps of(long pid) throws MapsException {
        if (pid < 1 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("not a pid: " + pid);
        }
        OpenProcess process = newProcess();
        return opened(process, process.openPid((int) pid), "process " + pid);
    }

    /**
     * Opens the very process that a handle stands for, also if its pid is given to another one meanwhile.
     *
     * @throws ProcessExitedException if that has ended
     */
    public static ProcessMaps of(ProcessHandle handle) throws MapsException {
        ProcessMaps maps = of(handle.pid());
        if (!handle.isAlive()) { // compares start times: alive now, it had the pid when that was opened
            maps.close();
            throw Exceptions.of(Errno.ESRCH, "process " + handle.pid(), 0);
        }
        return maps;
    }

    /**
     * Opens a process by its directory in a proc file system, which may be mounted anywhere: such as {@code /host/proc/123} in a container.
     *
     * @param procDirectory the directory of a process, or a symbolic link to it
     * @throws IllegalArgumentException if it is something else
     * @throws ProcessExitedException if it does not exist, or the process has exited
     */
    public static ProcessMaps of(Path procDirectory) throws MapsException {
        String name = "the process of " + Objects.requireNonNull(procDirectory, "procDirectory");
        OpenProcess process = newProcess();
        int rc;
        try {
            rc = process.openDirectory(procDirectory.toAbsolutePath().toString().getBytes(PATH_ENCODING));
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a process", e);
        }
        if (rc == Errno.EINVAL || rc == Errno.EBADF || rc == Errno.ENOTDIR) {
            throw new IllegalArgumentException("not the directory of a process in a proc file system: " + procDirectory);
        }
        boolean mayBeDenied = rc == 0 || rc == Errno.EACCES;
        int pidAtProc = mayBeDenied && isAtProc(procDirectory, process.pid()) ? process.pid() : 0;
        return opened(process, rc == Errno.ENOENT ? Errno.ESRCH : rc, name, pidAtProc);
    }

    /** In a proc file system of another pid namespace, a pid is another process'. */
    private static boolean isAtProc(Path procDirectory, int pid) {
        try {
            return Files.isSameFile(procDirectory, Path.of("/proc/" + pid));
        } catch (IOException e) {
            return false;
        }
    }

    private static OpenProcess newProcess() throws NotEnoughMemoryException {
        try {
            return new OpenProcess();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a process", e);
        }
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name) throws MapsException {
        return opened(process, rc, name, rc == 0 || rc == Errno.EACCES ? process.pid() : 0);
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name, int pidAtProc) throws MapsException {
        if (rc == Errno.ESRCH) {
            throw new ProcessExitedException("there is no " + name + ", or it has ended");
        }
        if (rc != 0) {
            throw Exceptions.of(rc, name, pidAtProc);
        }
        return new ProcessMaps(process, process.pid(), pidAtProc);
    }

    /** Returns how many mappings the kernel lets a process have (vm.max_map_count); -1: unknown. */
    public static long maxMappings() {
        try (InputStream in = new FileInputStream("/proc/sys/vm/max_map_count")) {
            byte[] text = new byte[32]; // taken in one read: a second one of such a file finds nothing
            return Long.parseLong(new String(text, 0, Math.max(in.read(text), 0), StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException unknown) {
            return -1;
        }
    }

    /** The process id, as /proc gives it. */
    public int pid() {
        return pid;
    }

    /** The process id in the PID namespace of this process; 0: unknown. */
    int pidAtProc() {
        return pidAtProc;
    }

    OpenProcess process() {
        return process;
    }

    /** A new snapshot of all mappings. */
    public MapSnapshot snapshot() throws MapsException {
        return snapshot(MapFilter.all());
    }

    /** A new snapshot of the mappings that pass a filter. */
    public MapSnapshot snapshot(MapFilter filter) throws MapsException {
        MapSnapshot snapshot = newSnapshot();
        read(snapshot, filter);
        return snapshot;
    }

    /** An empty snapshot for mappings of this process. */
    MapSnapshot newSnapshot() throws NotEnoughMemoryException {
        try {
            return new MapSnapshot();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a snapshot of process " + pid, e);
        }
    }

    /** Reads the mappings that pass a filter in parts, for processes with very many: see {@link MapChunks}. Reads nothing yet. */
    public MapChunks chunks(MapFilter filter) throws NotEnoughMemoryException {
        Objects.requireNonNull(filter, "filter");
        try {
            return new MapChunks(this, filter);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a part of the mappings of process " + pid, e);
        }
    }

    /** Fills a snapshot anew with the mappings that pass a filter. If it fails the snapshot stays as it was. */
    public void read(MapSnapshot snapshot, MapFilter filter) throws MapsException {
        Objects.requireNonNull(filter, "filter");
        fill(snapshot, filter, false);
    }

    /**
     * Reads again with the filter of the last time. A picture that has not changed stays, and costs a read and a compare.
     *
     * @return whether something has changed, so that the snapshot shows a new picture
     */
    public boolean refresh(MapSnapshot snapshot) throws MapsException {
        return fill(snapshot, snapshot.filter(), true) == 1;
    }

    /**
     * Reads again until two pictures in a row are the same: what is not atomic when it is read once very nearly is then. A
     * mapping that moves away and back between the two is all that can escape.
     *
     * @param maxReads how often at most; at least 1
     * @return whether they were; if not, the process changes its mappings all the time, and the snapshot shows the last picture
     * @throws IllegalArgumentException if {@code maxReads} is below 1
     */
    public boolean readStable(MapSnapshot snapshot, int maxReads) throws MapsException {
        if (maxReads < 1) {
            throw new IllegalArgumentException("so many reads readStable nothing: " + maxReads);
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

    /** Fills a picture's memory: mf_snapshot_read(). */
    int readInto(int question, long previous, long out) {
        long address = process.enter();
        try {
            synchronized (textLock) {
                return NativeCalls.snapshotRead(address, question, previous, out);
            }
        } finally {
            leave();
        }
    }

    /** Fills a picture's memory with whole lines of text just read of this process. */
    int parseInto(int question, long text, int length, long out) {
        long address = process.enter();
        try {
            return NativeCalls.chunksParse(address, text, length, question, out);
        } finally {
            leave();
        }
    }

    /** A descriptor of the text that nobody else reads. */
    int openText() throws MapsException {
        long address = process.enter();
        try {
            int rc = NativeCalls.chunksOpen(address);
            if (rc < 0) {
                throw failure(rc);
            }
            return rc;
        } finally {
            leave();
        }
    }

    /** Checks that the text of a descriptor, which has been read to its end, did not end early. */
    void checkWhole(int text) throws MapsException {
        int rc;
        long address = process.enter();
        try {
            rc = NativeCalls.chunksAreWhole(address, text);
        } finally {
            leave();
        }
        if (rc < 0) {
            throw failure(rc);
        }
        if (rc == 0) {
            snapshot(MapFilter.all().executable()); // throws where the process has ended
            throw new MapsException("process " + pid + " called execve(2) while its mappings were read: those reported are of the program"
                    + " before, and not all of them");
        }
    }

    /**
     * Asks the kernel which mapping covers an address now: one system call on Linux 6.11+, else the whole text is read.
     *
     * @param address any 64-bit value
     * @param answer filled with the mapping; empty where there is none
     * @return whether there is one
     */
    public boolean query(long address, MappingQuery answer) throws MapsException {
        return query(address, MapFilter.all(), false, answer);
    }

    /** As {@link #query}; where no mapping covers the address, the next one above it answers. */
    public boolean queryOrNext(long address, MappingQuery answer) throws MapsException {
        return query(address, MapFilter.all(), true, answer);
    }

    /**
     * As {@link #query}, among the mappings that pass a filter.
     *
     * @param orNext where none of them covers the address, whether the next one above it answers
     */
    public boolean query(long address, MapFilter filter, boolean orNext, MappingQuery answer) throws MapsException {
        int bits = filter.bits();
        int how = bits & ~(MapRecord.BY_TEXT | MapRecord.BY_QUERY) | (orNext ? MapRecord.COVERING_OR_NEXT : 0) | answer.bits();
        boolean answered = false;
        long to = answer.ask();
        try {
            int rc = (bits & MapRecord.BY_TEXT) != 0 ? Errno.ENOTTY : ask(address, how, to);
            if (rc == Errno.ENAMETOOLONG || rc == Errno.ENOTTY && (bits & MapRecord.BY_QUERY) == 0) {
                answered = textQueries.query(address, filter, orNext, answer);
            } else if (rc < 0 && rc != Errno.ENOENT) {
                throw failure(rc);
            } else {
                answered = rc == 0;
            }
        } finally {
            answer.asked(answered);
        }
        return answered;
    }

    private int ask(long address, int how, long to) {
        long opened = process.enter();
        try {
            return NativeCalls.query(opened, address, how, to);
        } finally {
            leave();
        }
    }

    /**
     * Reads memory of the process: images that have no file, such as {@code [vdso]}. Takes the right to attach to it
     * (ptrace(2)).
     *
     * @param address any 64-bit value
     * @return bytes read, fewer where unreadable memory begins; -1 if none can be read there; 0 if {@code length} is 0
     * @throws IndexOutOfBoundsException if the array has no such part
     */
    public int readMemory(long address, byte[] to, int at, int length) throws MapsException {
        Objects.checkFromIndexSize(at, length, to.length);
        if (length == 0) {
            process.enter(); // throws if this is closed
            leave();
            return 0;
        }
        return MemoryReads.read(this, address, to, at, length);
    }

    private void leave() {
        process.leave();
        Reference.reachabilityFence(this); // else the cleaner may close what this call is using
    }

    MapsException failure(int errno) {
        return Exceptions.of(errno, "process " + pid, pidAtProc);
    }

    /** Gives the descriptors back, now or when the last call under way on another thread ends. Again: nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "ProcessMaps[" + pid + "]";
    }
}
