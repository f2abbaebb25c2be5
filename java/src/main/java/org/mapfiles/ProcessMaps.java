package org.mapfiles;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.mapfiles.internal.ProcessMemory;

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
 * <p>The methods that read throw {@link ProcessGoneException} where the process has ended, {@link AccessRefusedException}
 * where the kernel refuses a look, {@link NotSupportedException} where there is nothing to look at or the kernel is too
 * old for what was asked, {@link NotEnoughMemoryException} where this JVM has too little memory for a snapshot, and
 * {@link MapsException} for any other failure.
 */
public final class ProcessMaps implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();
    private static final int MEMORY_PART = 64 * 1024;

    private final OpenProcess process;
    private final Cleaner.Cleanable cleanable;
    private final int pid;
    /** Or 0: not known to have one. */
    private final int pidAtProc;
    private final MapFiles files = new MapFiles(this);
    private final Object textLock = new Object();
    /** For single questions that only the text can answer; made on the first of them. */
    private MapSnapshot whole;
    private MapCursor wholeCursor;
    private MapFilter wholeAskedFor;

    static {
        ProcessMemory.setOpener(TargetMemory::open);
    }

    private ProcessMaps(OpenProcess process, int pid, int pidAtProc) {
        this.process = process;
        this.pid = pid;
        this.pidAtProc = pidAtProc;
        this.cleanable = CLEANER.register(this, process);
    }

    /** Opens this process. */
    public static ProcessMaps self() throws MapsException {
        OpenProcess process = OpenProcess.make();
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
        OpenProcess process = OpenProcess.make();
        return opened(process, process.openPid((int) pid), "process " + pid);
    }

    /**
     * Opens the very process that a handle stands for, also if its pid is given to another one meanwhile.
     *
     * @throws ProcessGoneException if that has ended
     */
    public static ProcessMaps of(ProcessHandle handle) throws MapsException {
        ProcessMaps maps = of(handle.pid());
        if (!handle.isAlive()) { // compares start times: alive now, it had the pid when that was opened
            maps.close();
            throw Failures.of(Errno.ESRCH, "process " + handle.pid(), 0);
        }
        return maps;
    }

    /**
     * Opens a process by a pidfd of this process (pidfd_open(2)), which stays the caller's.
     *
     * @throws IllegalArgumentException if the descriptor is not open or not a pidfd
     */
    public static ProcessMaps ofPidfd(int pidfd) throws MapsException {
        OpenProcess process = OpenProcess.make();
        return opened(process, process.openPidfd(pidfd), "the process of pidfd " + pidfd);
    }

    /**
     * Opens a process by a descriptor of its directory in a proc file system, mounted anywhere, which stays the caller's.
     *
     * @throws IllegalArgumentException if the descriptor is not open or not of such a directory
     */
    public static ProcessMaps ofDirectory(int descriptor) throws MapsException {
        OpenProcess process = OpenProcess.make();
        int rc = process.openDirectory(descriptor);
        boolean mayBeRefused = rc == 0 || rc == Errno.EACCES;
        int pidAtProc = mayBeRefused && isAtProc(descriptor, process.pid()) ? process.pid() : 0;
        return opened(process, rc, "the process of descriptor " + descriptor, pidAtProc);
    }

    /** In a proc file system of another pid namespace, a pid is another process'. */
    private static boolean isAtProc(int descriptor, int pid) {
        try {
            return Files.isSameFile(Path.of("/proc/self/fd/" + descriptor), Path.of("/proc/" + pid));
        } catch (IOException e) {
            return false;
        }
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name) throws MapsException {
        return opened(process, rc, name, rc == 0 || rc == Errno.EACCES ? process.pid() : 0);
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name, int pidAtProc) throws MapsException {
        if (rc == Errno.EINVAL || rc == Errno.EBADF) {
            throw new IllegalArgumentException(name + ": the descriptor is not open, or not of that sort");
        }
        if (rc == Errno.ESRCH) {
            throw new ProcessGoneException("there is no " + name + ", or it has ended");
        }
        if (rc != 0) {
            throw Failures.of(rc, name, pidAtProc);
        }
        return new ProcessMaps(process, process.pid(), pidAtProc);
    }

    /** The process id, as /proc gives it. */
    public int pid() {
        return pid;
    }

    /** The process id in the PID namespace of this process; 0: unknown. */
    int pidAtProc() {
        return pidAtProc;
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
            throw Failures.noMemory("a snapshot of process " + pid, e);
        }
    }

    /** Reads the mappings that pass a filter in parts, for processes with very many: see {@link MapParts}. Reads nothing yet. */
    public MapParts parts(MapFilter filter) throws NotEnoughMemoryException {
        Objects.requireNonNull(filter, "filter");
        try {
            return new MapParts(this, filter);
        } catch (OutOfMemoryError e) {
            throw Failures.noMemory("a part of the mappings of process " + pid, e);
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
     * @param mostReads how often at most; at least 1
     * @return whether they were; if not, the process changes its mappings all the time, and the snapshot shows the last picture
     * @throws IllegalArgumentException if {@code mostReads} is below 1
     */
    public boolean settle(MapSnapshot snapshot, int mostReads) throws MapsException {
        if (mostReads < 1) {
            throw new IllegalArgumentException("so many reads settle nothing: " + mostReads);
        }
        int reads = 0;
        while (refresh(snapshot)) {
            if (++reads == mostReads) {
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
            return NativeCalls.partsParse(address, text, length, question, out);
        } finally {
            leave();
        }
    }

    /** A descriptor of the text that nobody else reads. */
    int openText() throws MapsException {
        long address = process.enter();
        try {
            int rc = NativeCalls.partsOpen(address);
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
            rc = NativeCalls.partsAreWhole(address, text);
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
    public boolean query(long address, MapAnswer answer) throws MapsException {
        return query(address, MapFilter.all(), false, answer);
    }

    /** As {@link #query}; where no mapping covers the address, the next one above it answers. */
    public boolean queryOrNext(long address, MapAnswer answer) throws MapsException {
        return query(address, MapFilter.all(), true, answer);
    }

    /**
     * As {@link #query}, among the mappings that pass a filter.
     *
     * @param orNext where none of them covers the address, whether the next one above it answers
     */
    public boolean query(long address, MapFilter filter, boolean orNext, MapAnswer answer) throws MapsException {
        int bits = filter.bits();
        int how = bits & ~(MapRecord.BY_TEXT | MapRecord.BY_QUERY) | (orNext ? MapRecord.COVERING_OR_NEXT : 0) | answer.bits();
        boolean answered = false;
        long to = answer.ask();
        try {
            int rc = (bits & MapRecord.BY_TEXT) != 0 ? Errno.ENOTTY : ask(address, how, to);
            if (rc == Errno.ENAMETOOLONG || rc == Errno.ENOTTY && (bits & MapRecord.BY_QUERY) == 0) {
                answered = answerFromText(address, filter, orNext, answer);
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

    private synchronized boolean answerFromText(long address, MapFilter filter, boolean orNext, MapAnswer answer)
            throws MapsException {
        if (whole == null) {
            MapSnapshot empty = newSnapshot();
            wholeCursor = empty.cursor();
            whole = empty;
        }
        if (!filter.equals(wholeAskedFor)) {
            read(whole, filter.by(Backend.TEXT));
            wholeAskedFor = filter;
        } else {
            refresh(whole);
        }
        wholeCursor.reset();
        int found = whole.find(address);
        while (found < 0 && orNext && wholeCursor.next()) {
            if (Long.compareUnsigned(wholeCursor.start(), address) > 0) {
                found = wholeCursor.index();
            }
        }
        if (found >= 0) {
            answer.take(wholeCursor.seek(found));
        }
        return found >= 0;
    }

    /**
     * Whether the name that a mapping's file was mapped under is gone, asked of the kernel where the text alone does not tell
     * ({@link Mapping#deletion()} says {@link Deletion#NOT_KNOWN}).
     *
     * <p>Takes a few system calls. With CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN the answer comes from the mapped file itself;
     * otherwise it is inferred from what stands at the path now, where device numbers make that possible.
     *
     * @param mapping of this process
     * @throws ProcessGoneException if the process has ended
     */
    public Deletion deletion(Mapping mapping) throws MapsException {
        Deletion told = mapping.deletion();
        int length = mapping.nameLength();
        if (told != Deletion.NOT_KNOWN || length >= MapRecord.Answer.NAME_MAX) {
            return told;
        }
        NativeMemory copy = memory(Mappings.COPY_SIZE, "a mapping of process " + pid);
        Mappings.copy(mapping, copy);
        int rc = deletionOf(copy);
        if (rc < 0) {
            throw failure(rc);
        }
        return Deletion.ofCode(rc);
    }

    private int deletionOf(NativeMemory copy) {
        long opened = process.enter();
        try {
            return NativeCalls.deletion(opened, copy.address(), copy.address() + MapRecord.Answer.NAME);
        } finally {
            copy.keepUntilHere();
            leave();
        }
    }

    /** The files behind the mappings. */
    public MapFiles files() {
        return files;
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
        NativeMemory part = memory(Math.min(length, MEMORY_PART), "memory of process " + pid);
        int done = 0;
        while (done < length) {
            int got = readMemory(address + done, part, Math.min(length - done, part.size()));
            if (got == Errno.EIO || got == 0) {
                return done > 0 ? done : -1;
            }
            if (got < 0) {
                throw failure(got);
            }
            part.bytes().get(0, to, at + done, got);
            done += got;
        }
        return done;
    }

    /** Memory for native code. @param what it is for, named for people */
    static NativeMemory memory(int size, String what) throws NotEnoughMemoryException {
        try {
            return new NativeMemory(size);
        } catch (OutOfMemoryError e) {
            throw Failures.noMemory(what, e);
        }
    }

    private int readMemory(long address, NativeMemory to, int length) {
        long opened = process.enter();
        try {
            return NativeCalls.memoryRead(opened, address, to.address(), length);
        } finally {
            to.keepUntilHere();
            leave();
        }
    }

    int openMemory(long memory) {
        long opened = process.enter();
        try {
            return NativeCalls.targetMemoryOpen(opened, memory);
        } finally {
            leave();
        }
    }

    int mayListEntries() {
        long opened = process.enter();
        try {
            return NativeCalls.mayListEntries(opened);
        } finally {
            leave();
        }
    }

    int readEntry(long mapping, long name, int what, long entry, long target) {
        long opened = process.enter();
        try {
            return NativeCalls.entryRead(opened, mapping, name, what, entry, target);
        } finally {
            leave();
        }
    }

    int readEntries(long snapshot, int what, long entries) {
        long opened = process.enter();
        try {
            return NativeCalls.entriesRead(opened, snapshot, what, entries);
        } finally {
            leave();
        }
    }

    /** Of a mapping copied with its name behind it. */
    int fileState(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileState(opened, mapping, mapping + MapRecord.Answer.NAME);
        } finally {
            leave();
        }
    }

    long openFile(long mapping, int how) {
        long opened = process.enter();
        try {
            return NativeCalls.fileOpen(opened, mapping, mapping + MapRecord.Answer.NAME, how);
        } finally {
            leave();
        }
    }

    int glanceAtFile(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileGlance(opened, mapping, mapping + MapRecord.Answer.NAME);
        } finally {
            leave();
        }
    }

    long scopeOfFile(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileScope(opened, mapping, mapping + MapRecord.Answer.NAME);
        } finally {
            leave();
        }
    }

    int proveFile(long mapping, int descriptor) {
        long opened = process.enter();
        try {
            return NativeCalls.fileProve(opened, mapping, descriptor);
        } finally {
            leave();
        }
    }

    int openEvents(int what, int ringBytes, int wakeBytes, long events) {
        long opened = process.enter();
        try {
            return NativeCalls.eventsOpen(opened, what, ringBytes, wakeBytes, events);
        } finally {
            leave();
        }
    }

    private void leave() {
        process.leave();
        Reference.reachabilityFence(this); // else the cleaner may close what this call is using
    }

    MapsException deniedMapFiles() {
        return Failures.ofDenied("map_files of process " + pid, pidAtProc);
    }

    MapsException deniedEntry(Mapping mapping) {
        return Failures.ofDenied("the entry of map_files, without which the file cannot be opened: " + Mappings.describe(mapping), pidAtProc);
    }

    MapsException failure(int errno) {
        return Failures.of(errno, "process " + pid, pidAtProc);
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
