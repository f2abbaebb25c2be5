package org.mapfiles;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.mapfiles.MapRecord.Target;
import org.mapfiles.internal.ProcessMemory;
import org.mapfiles.internal.VmTables;

/** Memory of a process, read by the native core into memory of this object and copied from there. */
final class TargetMemory extends ProcessMemory {
    /** Bytes read by one call of the native core. */
    private static final int PART = 64 * 1024;
    /** Places read by one call. */
    private static final int MAX_PIECES = 1024;
    /** Pages of the target that are kept while tables are read. */
    private static final int TABLE_PAGES = 64;

    private final ProcessMaps maps;
    private final OpenMemory open;
    private final Cleaner.Cleanable cleanable;
    private final NativeMemory part = new NativeMemory(PART);
    private final NativeMemory pieces = new NativeMemory(MAX_PIECES * Target.PIECE_SIZE);

    private TargetMemory(ProcessMaps maps, OpenMemory open) {
        this.maps = maps;
        this.open = open;
        cleanable = ProcessMaps.CLEANER.register(this, open);
    }

    static TargetMemory open(ProcessMaps maps) throws MapsException {
        try {
            TargetMemory memory = new TargetMemory(maps, new OpenMemory()); // first: without memory for it, no descriptor is opened
            int rc = memory.open.open(maps);
            if (rc != 0) {
                throw maps.failure(rc);
            }
            return memory;
        } catch (OutOfMemoryError e) {
            throw Failures.noMemory("reading memory of process " + maps.pid(), e);
        }
    }

    /** The descriptors that the memory is read through. */
    private static final class OpenMemory extends Opened {
        OpenMemory() {
            super(new NativeMemory(Target.SIZE));
        }

        int open(ProcessMaps maps) {
            int rc = maps.openMemory(memory.address());
            memory.keepUntilHere();
            return opened(rc);
        }

        @Override
        void release(long address) {
            NativeCalls.targetMemoryClose(address);
        }

        @Override
        String name() {
            return "ProcessMemory";
        }
    }

    private void leave() {
        open.leave();
        Reference.reachabilityFence(this); // else the cleaner may close what this call is using
    }

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

    /** How many bytes that is. */
    private int check(int got) throws MapsException {
        if (got < 0 && got != Errno.EFAULT) {
            throw maps.failure(got);
        }
        return Math.max(got, 0);
    }

    @Override
    public synchronized void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got) throws MapsException {
        Objects.checkFromIndexSize(0, count, addresses.length);
        Objects.checkFromIndexSize(0, count, got.length);
        Objects.checkFromIndexSize(0, Math.multiplyExact(count, bytes), to.length);
        if (bytes > PART) {
            throw new IllegalArgumentException(bytes + " bytes at each address");
        }
        int most = Math.min(MAX_PIECES, PART / Math.max(bytes, 1));
        for (int done = 0; done < count; done += most) {
            int some = Math.min(count - done, most);
            for (int i = 0; i < some; i++) {
                int at = i * Target.PIECE_SIZE;
                pieces.bytes().putLong(at + Target.PIECE_ADDRESS, addresses[done + i]);
                pieces.bytes().putLong(at + Target.PIECE_TO, part.address() + (long) i * bytes);
                pieces.bytes().putInt(at + Target.PIECE_BYTES, bytes);
            }
            readPieces(some);
            for (int i = 0; i < some; i++) {
                got[done + i] = check(pieces.bytes().getInt(i * Target.PIECE_SIZE + Target.PIECE_GOT));
            }
            part.bytes().get(0, to, done * bytes, some * bytes);
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
    public VmTables vmTables(MapSnapshot snapshot, long after) throws MapsException {
        String what = "the tables of the JVM in process " + maps.pid();
        NativeMemory pages = ProcessMaps.memory(Math.toIntExact(NativeCalls.pagesBytes(TABLE_PAGES)), what);
        NativeMemory tables = ProcessMaps.memory(Target.TABLES_SIZE, what);
        int rc = readTables(pages, snapshot, after, tables);
        if (rc == Errno.ENOENT) {
            return null;
        }
        boolean isDamaged = rc == Errno.ENOEXEC || rc == Errno.EFAULT;
        if (rc != 0 && !isDamaged) {
            throw maps.failure(rc);
        }
        ByteBuffer content = tables.slice(0, Target.TABLES_SIZE);
        return new VmTables(isDamaged ? null : content, content.getLong(Target.TABLES_START), content.getLong(Target.TABLES_END),
                content.getLong(Target.TABLES_BIAS));
    }

    private int readTables(NativeMemory pages, MapSnapshot snapshot, long after, NativeMemory tables) {
        NativeMemory records = snapshot.picture().memory;
        long memory = open.enter();
        try {
            return NativeCalls.vmTablesRead(memory, pages.address(), TABLE_PAGES, records.address(), after, tables.address());
        } finally {
            pages.keepUntilHere();
            records.keepUntilHere();
            tables.keepUntilHere();
            leave();
        }
    }

    @Override
    public int call(Call function) throws MapsException {
        int rc;
        long memory = open.enter();
        try {
            rc = function.apply(memory);
        } finally {
            leave();
        }
        if (rc == Errno.ESRCH) {
            throw maps.failure(rc);
        }
        return rc;
    }

    @Override
    public Path directory() {
        return Path.of("/proc/thread-self/fd/" + directoryDescriptor());
    }

    @Override
    public int directoryDescriptor() {
        open.enter(); // throws if this is closed: its number may be another file's then
        try {
            return open.memory.bytes().getInt(Target.PROC_FD);
        } finally {
            leave();
        }
    }

    @Override
    public int pid() {
        return maps.pidAtProc();
    }

    @Override
    public MapsException failure(int errno) {
        return maps.failure(errno);
    }

    @Override
    public MapsException noMemory(String what, OutOfMemoryError cause) {
        return Failures.noMemory(what + " of process " + maps.pid(), cause);
    }

    @Override
    public MapsException noJvm(String why) {
        return new NotSupportedException(NotSupportedException.Missing.JVM, "no JVM in process " + maps.pid() + ": " + why);
    }

    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "ProcessMemory[" + maps.pid() + "]";
    }
}
