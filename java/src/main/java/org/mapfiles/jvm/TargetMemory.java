package org.mapfiles.jvm;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord.Target;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RefCountedHandle;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.internal.SharedCleaner;

/**
 * Reads memory of a process, this one or another, by system calls. Unmapped memory is a result, also if the process
 * unmaps it during a read. The process is not stopped, and nothing is written to it. The native core reads into memory
 * of this object; then it is copied.
 *
 * <p>Thread-safe: reads wait for each other. Reading needs ptrace access to the process (ptrace(2)).
 */
final class TargetMemory implements VmReader.Memory, AutoCloseable {
    /** Maximum of bytes that one call of the native core reads. */
    private static final int PART = 64 * 1024;
    /** Maximum of addresses that one call reads. */
    private static final int MAX_PIECES = 1024;
    /** Number of pages of the target that are cached while tables are read. */
    private static final int TABLE_PAGES = 64;

    private final ProcessMaps maps;
    private final OpenMemory open;
    private final Cleaner.Cleanable cleanable;
    private final NativeMemory part = new NativeMemory(PART);
    private final NativeMemory pieces = new NativeMemory(MAX_PIECES * Target.PIECE_SIZE);

    private TargetMemory(ProcessMaps maps, OpenMemory open) {
        this.maps = maps;
        this.open = open;
        cleanable = SharedCleaner.register(this, open);
    }

    /** Opens the memory of a process. After execve(2) reads fail: the memory is that of the earlier program. */
    static TargetMemory of(ProcessMaps maps) throws MapsException {
        try {
            // before a descriptor is opened, since it may throw OutOfMemoryError
            TargetMemory memory = new TargetMemory(maps, new OpenMemory());
            int rc = memory.open.open(maps);
            if (rc != 0) {
                throw failure(maps, rc);
            }
            return memory;
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("reading memory of process " + maps.pid(), e);
        }
    }

    /** A native function that reads this memory. */
    @FunctionalInterface
    interface Call {
        /**
         * Returns 0 or a negative errno. {@code memory} is the address of {@code struct mf_target_memory}, valid during
         * this call.
         */
        int apply(long memory);
    }

    /** The descriptors that the memory is read through. */
    private static final class OpenMemory extends RefCountedHandle {
        OpenMemory() {
            super(new NativeMemory(Target.SIZE));
        }

        int open(ProcessMaps maps) {
            OpenProcess process = RootAccess.get().process(maps);
            long address = process.enter();
            try {
                return opened(NativeCalls.targetMemoryOpen(address, memory.address()));
            } finally {
                process.leave();
                memory.keepUntilHere();
                Reference.reachabilityFence(maps); // otherwise the cleaner may close the descriptors during the call
            }
        }

        @Override
        protected void release(long address) {
            NativeCalls.targetMemoryClose(address);
        }

        @Override
        protected String name() {
            return "JvmProcess, JvmCodeReader or JvmResolver"; // the others have a JvmProcess of their own
        }
    }

    private static MapsException failure(ProcessMaps maps, int errno) {
        return (MapsException) RootAccess.get().failure(errno, maps);
    }

    private void leave() {
        open.leave();
        Reference.reachabilityFence(this); // otherwise the cleaner may close the descriptors during the call
    }

    /**
     * Reads memory.
     *
     * @param address any 64-bit value
     * @return the number of bytes read; fewer than {@code bytes} if unreadable memory follows
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     */
    @Override
    public synchronized int read(long address, byte[] to, int at, int bytes) throws MapsException {
        Objects.checkFromIndexSize(at, bytes, to.length);
        int done = 0;
        while (done < bytes) {
            int wanted = Math.min(bytes - done, PART);
            int got = check(readPart(address + done, wanted));
            part.bytes().get(0, to, at + done, got);
            done += got;
            if (got < wanted) {
                break;
            }
        }
        return done;
    }

    private int readPart(long address, int bytes) {
        long memory = open.enter();
        try {
            return NativeCalls.targetMemoryRead(memory, address, part.address(), bytes);
        } finally {
            leave();
        }
    }

    /** Returns the number of bytes; 0 for unreadable memory. */
    private int check(int got) throws MapsException {
        if (got < 0 && got != Errno.EFAULT) {
            throw failure(maps, got);
        }
        return Math.max(got, 0);
    }

    /**
     * Reads the same number of bytes at each of several addresses, with few system calls.
     *
     * @param to receives the bytes of one address after the other; undefined after the bytes that were read
     * @param got receives the number of bytes that were read at each address
     */
    @Override
    public synchronized void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got)
            throws MapsException {
        Objects.checkFromIndexSize(0, count, addresses.length);
        Objects.checkFromIndexSize(0, count, got.length);
        Objects.checkFromIndexSize(0, Math.multiplyExact(count, bytes), to.length);
        if (bytes > PART) {
            throw new IllegalArgumentException("at most " + PART + " bytes at each address: " + bytes);
        }
        int max = Math.min(MAX_PIECES, PART / Math.max(bytes, 1));
        for (int done = 0; done < count; done += max) {
            int batch = Math.min(count - done, max);
            for (int i = 0; i < batch; i++) {
                int at = i * Target.PIECE_SIZE;
                pieces.bytes().putLong(at + Target.PIECE_ADDRESS, addresses[done + i]);
                pieces.bytes().putLong(at + Target.PIECE_TO, part.address() + (long) i * bytes);
                pieces.bytes().putInt(at + Target.PIECE_BYTES, bytes);
            }
            readPieces(batch);
            for (int i = 0; i < batch; i++) {
                got[done + i] = check(pieces.bytes().getInt(i * Target.PIECE_SIZE + Target.PIECE_GOT));
            }
            part.bytes().get(0, to, done * bytes, batch * bytes);
        }
    }

    private void readPieces(int count) {
        long memory = open.enter();
        try {
            NativeCalls.targetMemoryReadAll(memory, pieces.address(), count);
        } finally {
            leave();
        }
    }

    @Override
    public synchronized boolean findPages(long[] addresses, boolean[] isInMemory) throws MapsException {
        int max = PART / Long.BYTES;
        for (int done = 0; done < addresses.length; done += max) {
            int batch = Math.min(addresses.length - done, max);
            for (int i = 0; i < batch; i++) {
                part.bytes().putLong(i * Long.BYTES, addresses[done + i]);
            }
            int rc = findPages(batch);
            if (rc == Errno.EACCES || rc == Errno.EPERM || rc == Errno.ENOTSUP) {
                return false;
            }
            if (rc != 0) {
                throw failure(maps, rc);
            }
            for (int i = 0; i < batch; i++) {
                isInMemory[done + i] = part.bytes().getLong(i * Long.BYTES) != 0;
            }
        }
        return true;
    }

    private int findPages(int count) {
        long memory = open.enter();
        try {
            return NativeCalls.targetMemoryFindPages(memory, part.address(), count);
        } finally {
            leave();
        }
    }

    /**
     * Reads HotSpot's exported tables.
     *
     * @param snapshot of the same process
     * @param after only libraries above this address; 0: all
     * @return null: no such library has tables
     */
    @Nullable
    VmTables vmTables(MapSnapshot snapshot, long after) throws MapsException {
        NativeMemory pages;
        NativeMemory tables;
        try {
            pages = new NativeMemory(Math.toIntExact(NativeCalls.pagesBytes(TABLE_PAGES)));
            tables = new NativeMemory(Target.TABLES_SIZE);
        } catch (OutOfMemoryError e) {
            throw noMemory("the tables of the JVM", e);
        }
        int rc = readTables(pages, snapshot, after, tables);
        if (rc == Errno.ENOENT) {
            return null;
        }
        boolean isDamaged = rc == Errno.ENOEXEC || rc == Errno.EFAULT;
        if (rc != 0 && !isDamaged) {
            throw failure(maps, rc);
        }
        ByteBuffer content = tables.slice(0, Target.TABLES_SIZE);
        return new VmTables(
                isDamaged ? null : content,
                content.getLong(Target.TABLES_START),
                content.getLong(Target.TABLES_END),
                content.getLong(Target.TABLES_BIAS));
    }

    private int readTables(NativeMemory pages, MapSnapshot snapshot, long after, NativeMemory tables) {
        NativeMemory records = RootAccess.get().buffer(snapshot).memory;
        long memory = open.enter();
        try {
            return NativeCalls.vmTablesRead(
                    memory, pages.address(), TABLE_PAGES, records.address(), after, tables.address());
        } finally {
            pages.keepUntilHere();
            records.keepUntilHere();
            tables.keepUntilHere();
            leave();
        }
    }

    /**
     * Calls a native function with this memory.
     *
     * @return the result of the function
     * @throws org.mapfiles.ProcessExitedException if it returned -ESRCH: the process has exited, or runs another
     *     program
     */
    int call(Call function) throws MapsException {
        int rc;
        long memory = open.enter();
        try {
            rc = function.apply(memory);
        } finally {
            leave();
        }
        if (rc == Errno.ESRCH) {
            throw failure(maps, rc);
        }
        return rc;
    }

    /**
     * Returns the directory of the process in its proc file system. It is held open, so the files below it never belong
     * to another process. Valid until this is closed.
     *
     * @throws IllegalStateException if this is closed
     */
    Path directory() {
        return Path.of("/proc/thread-self/fd/" + directoryDescriptor());
    }

    /**
     * Returns the descriptor of {@link #directory}, valid until this is closed. Throws IllegalStateException if this is
     * closed.
     */
    int directoryDescriptor() {
        open.enter(); // throws if this is closed: the descriptor may be that of another file then
        try {
            return open.memory.bytes().getInt(Target.PROC_FD);
        } finally {
            leave();
        }
    }

    /**
     * Returns the PID in the PID namespace of the caller; 0: unknown, since the process was opened in another proc file
     * system.
     */
    int pid() {
        return RootAccess.get().pidAtProc(maps);
    }

    /** Returns the exception for a negative errno, as the methods of {@link ProcessMaps} throw it. */
    MapsException failure(int errno) {
        return failure(maps, errno);
    }

    /**
     * Returns the exception for a lack of memory in this JVM. {@code what} precedes "of process 42", such as "the
     * regions".
     */
    MapsException noMemory(String what, OutOfMemoryError cause) {
        return new NotEnoughMemoryException(what + " of process " + maps.pid(), cause);
    }

    /** Returns the exception for a process without a JVM. {@code reason} follows "no JVM in process 42: ". */
    MapsException noJvm(String reason) {
        return new NotSupportedException(
                NotSupportedException.Missing.JVM, "no JVM in process " + maps.pid() + ": " + reason);
    }

    /**
     * Closes the descriptors; if another thread is in a call, when that call ends. Has no effect if they are closed.
     */
    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "TargetMemory[" + maps.pid() + "]";
    }
}
