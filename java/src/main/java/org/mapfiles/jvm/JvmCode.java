package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.mapfiles.internal.Errno;

/**
 * Records the compiled code of this JVM and finds the Java method or stub that an address belongs to, now and earlier.
 *
 * <p>The JVM reports its code through JVMTI (CompiledMethodLoad, CompiledMethodUnload, DynamicCodeGenerated). No flag,
 * no agent on the command line and no attach is needed. The native library records the reports in memory of its own
 * until the process exits. The first call of {@link #open(long)} sets its size. Unloaded methods stay resolvable until
 * the memory is full; then the code that was unloaded first is evicted ({@link #counts()}).
 *
 * <p><b>Late reports.</b> The JVM queues its reports. Code can run up to 0.4 s before it is reported, and longer on an
 * overloaded machine. So take the time of each sample, and resolve samples half a second later, with that time. If
 * other code may have been at the address, the certainty is {@link CodeInfo.Certainty#UNCERTAIN}.
 *
 * <p><b>Full memory.</b> First the code that was unloaded first is evicted. If that frees too little, inlined methods
 * and bytecode indices are dropped, and names stay. After that new code is {@linkplain CodeInfo.Certainty#NOT_RECORDED
 * not recorded}.
 *
 * <p>Thread-safe. Searches allocate nothing, take no lock and call no native code. Each thread uses its own
 * {@link CodeInfo}. Each copy of the native library that is loaded in a JVM has its own records.
 *
 * <p><b>Inlining.</b> The JVM records debug information at each instruction only for code that it compiles after the
 * first {@link #open()}. Code that was compiled earlier has it only at calls and safepoints.
 * {@code -agentpath:/path/to/libmapfiles.so} starts recording when the JVM starts.
 * {@code -XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints} always records it.
 *
 * <p><b>Stubs.</b> A stub has the range and the name that the JVM reports. The interpreter is one piece of code. Memory
 * that the JVM does not report, such as the tables of virtual calls and unused ends of stub memory, is not found.
 * {@link JvmCodeReader} reads HotSpot's structures. It names each codelet of the interpreter, such as
 * {@code Interpreter aaload}, and all other memory of the code cache, as it is now. Records do not have these names,
 * because a record has one name for its range, and a search reads records only.
 *
 * <p><b>Cost.</b> A start-up with much compilation takes about 5 % longer if recording is on from the start. Most of
 * that is work of the JVM, which any JVMTI agent with these events causes: {@code benchmarks/run record-code} measures
 * both.
 */
public final class JvmCode {
    /** Counts of the code that is recorded, and its memory. Immutable. */
    public static final class Counts {
        private final long[] values;

        private Counts(long[] values) {
            this.values = values;
        }

        /** {@return the number of methods and stubs that are loaded} */
        public long live() {
            return values[0];
        }

        /** {@return the number of methods and stubs that are unloaded and still recorded} */
        public long unloaded() {
            return values[1];
        }

        /** {@return the number of names: of methods that are compiled or inlined, and of stubs} */
        public long names() {
            return values[2];
        }

        /** {@return the memory in use, in bytes} */
        public long bytes() {
            return values[3];
        }

        /**
         * {@return the maximum of {@link #bytes}} Twice as much address space is reserved, because a compaction copies
         * the recorded code.
         */
        public long capacity() {
            return values[4];
        }

        /**
         * {@return the {@link System#nanoTime()} before which code that was unloaded may be evicted; 0: no code was
         * evicted}
         */
        public long evictedBefore() {
            return values[5];
        }

        /**
         * {@return the number of methods and stubs that were not recorded: memory was full, they have no name, or are
         * outside the code cache} Open with more memory if it is above 0.
         */
        public long lost() {
            return values[6];
        }

        /** {@return how often memory was full and was compacted, which evicts the code that was unloaded first} */
        public long compactions() {
            return values[7];
        }

        @Override
        public String toString() {
            return live() + " pieces of code, " + unloaded() + " unloaded, " + names() + " names, " + bytes() + " of "
                    + capacity() + " bytes, " + lost() + " lost";
        }
    }

    private static final int DEFAULT_BYTES = 64 << 20;

    private static JvmCode opened;
    private static boolean isOpen;

    private final CodeMemory memory;

    private JvmCode(CodeMemory memory) {
        this.memory = memory;
    }

    /**
     * Starts recording with 64 MiB, enough for about 50,000 methods.
     *
     * @return the recorder of this JVM
     * @throws UnsupportedOperationException as {@link #open(long)}
     */
    public static JvmCode open() {
        return open(0);
    }

    /**
     * Starts recording: the JVM reports its existing code, and later each change. A later call has the JVM report its
     * existing code again. Blocks while the JVM reports, milliseconds for thousands of methods.
     *
     * @param bytes maximum memory for records, in bytes, 1 MiB to 1 GiB; 0: 64 MiB. Twice as much address space is
     *     reserved. Memory is used as code is recorded. Only the first call sets it
     * @return the recorder of this JVM
     * @throws UnsupportedOperationException if this JVM cannot report its code, is exiting, or has too little address
     *     space; the message has the cause
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public static JvmCode open(long bytes) {
        JvmCode code = hold(bytes);
        if (setOpen(true)) {
            release(); // this class holds one opening of the library
        }
        return code;
    }

    /** Returns the previous value. */
    private static synchronized boolean setOpen(boolean now) {
        boolean before = isOpen;
        isOpen = now;
        return before;
    }

    /**
     * Starts recording until {@link #release}. The JVM reports while at least one user of the library holds an opening.
     */
    static JvmCode hold(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes must not be negative: " + bytes);
        }
        int rc = JvmCalls.codeOpen(bytes); // blocks without the lock of this class, so that other threads can close
        if (rc == Errno.ENOMEM) {
            throw new UnsupportedOperationException("there is no address space for 2 x "
                    + (bytes == 0 ? DEFAULT_BYTES : bytes) + " bytes: raise ulimit -v, or open with fewer bytes");
        }
        if (rc != 0) {
            boolean isExiting = rc == Errno.ESRCH || rc == Errno.EINVAL;
            throw new UnsupportedOperationException(
                    isExiting
                            ? "this JVM is exiting"
                            : "this JVM cannot report its compiled code: use a "
                                    + "HotSpot JVM with JVMTI and CompiledMethodLoad events");
        }
        try {
            return opened();
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    private static synchronized JvmCode opened() {
        if (opened == null) {
            opened = new JvmCode(new CodeMemory(buffer(0), buffer(1), buffer(2), buffer(3)));
        }
        return opened;
    }

    static void release() {
        JvmCalls.codeClose();
    }

    private static ByteBuffer buffer(int index) {
        ByteBuffer buffer = JvmCalls.codeMemory(index);
        if (buffer == null) {
            throw new UnsupportedOperationException(
                    "this JVM does not support direct buffers from native code (NewDirectByteBuffer)");
        }
        return buffer;
    }

    /**
     * Stops recording, no matter how often {@link #open()} was called. Recording continues while another user in this
     * JVM needs it: an open {@link JvmResolver}, an agent, a C program, or this class of another class loader. After
     * the last of them the recorded code stays and becomes out of date: code that is unloaded later still seems to be
     * loaded. {@link #open()} starts recording again.
     */
    public static void stop() {
        if (setOpen(false)) {
            release();
        }
    }

    CodeMemory memory() {
        return memory;
    }

    /**
     * Finds the code that an instruction belongs to now: the one that begins at an address
     * ({@link CodeInfo.AddressKind#RUNNING_AT}). Allocates nothing.
     *
     * @param address any 64-bit value
     * @param info receives the code
     * @return false if no code was found; {@link CodeInfo#certainty()} has the reason
     */
    public boolean find(long address, CodeInfo info) {
        return find(address, CodeInfo.AddressKind.RUNNING_AT, CodeSearch.NOW, Objects.requireNonNull(info, "info"));
    }

    /**
     * Finds the code that an instruction belonged to at a time: the one that begins at an address
     * ({@link CodeInfo.AddressKind#RUNNING_AT}). Allocates nothing.
     *
     * @param address any 64-bit value
     * @param time the {@link System#nanoTime()} of the sample
     * @param info receives the code
     * @return false if no code was found; {@link CodeInfo#certainty()} has the reason
     */
    public boolean find(long address, long time, CodeInfo info) {
        return find(address, CodeInfo.AddressKind.RUNNING_AT, time, Objects.requireNonNull(info, "info"));
    }

    /**
     * Finds the code that an instruction belongs to now. Allocates nothing.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param info receives the code
     * @return false if no code was found; {@link CodeInfo#certainty()} has the reason
     */
    public boolean find(long address, CodeInfo.AddressKind kind, CodeInfo info) {
        return find(
                address, Objects.requireNonNull(kind, "kind"), CodeSearch.NOW, Objects.requireNonNull(info, "info"));
    }

    /**
     * Finds the code that an instruction belonged to at a time. Allocates nothing.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param time the {@link System#nanoTime()} of the sample
     * @param info receives the code
     * @return false if no code was found; {@link CodeInfo#certainty()} has the reason
     */
    public boolean find(long address, CodeInfo.AddressKind kind, long time, CodeInfo info) {
        Objects.requireNonNull(info, "info");
        long instruction =
                Objects.requireNonNull(kind, "kind") == CodeInfo.AddressKind.RETURNS_TO ? address - 1 : address;
        while (true) {
            int compaction = memory.compaction();
            try {
                boolean found = findIn(memory.image(compaction), compaction, instruction, time, info);
                if (memory.wasWhole(compaction)) {
                    if (found) {
                        info.check();
                    } else if (info.certainty() == CodeInfo.Certainty.NONE && memory.isLost(instruction)) {
                        info.setNone(CodeInfo.Certainty.NOT_RECORDED);
                    }
                    return found;
                }
            } catch (IndexOutOfBoundsException e) {
                if (memory.wasWhole(compaction)) {
                    throw e;
                }
            }
        }
    }

    private boolean findIn(ByteBuffer image, int compaction, long instruction, long time, CodeInfo info) {
        int record = CodeSearch.find(image, instruction, time);
        if (record > 0) {
            return info.set(this, instruction, time, compaction, image, record);
        }
        if (time != CodeSearch.NOW && time - image.getLong(CodeMemory.EVICTED_BEFORE) < 0) {
            return info.setNone(CodeInfo.Certainty.EVICTED);
        }
        return record == 0
                ? info.setNone(CodeInfo.Certainty.NONE)
                : info.set(this, instruction, time, compaction, image, record);
    }

    /** {@return counts of the recorded code, and its memory} Allocates, and takes a lock of the native library. */
    public Counts counts() {
        long[] values = new long[8];
        JvmCalls.codeCount(values);
        return new Counts(values);
    }

    /**
     * Calls a visitor with each method and stub that is loaded, and is still in memory, in the order in which the JVM
     * reported them. Code that is loaded or unloaded during the call may be included or not. The visitor gets the same
     * object each time. Allocates.
     *
     * @param visitor receives each of them
     */
    public void forEach(Consumer<CodeInfo> visitor) {
        LiveCode live = live();
        CodeInfo info = new CodeInfo();
        for (int i = 0; i < live.count; i++) {
            int record = live.records[i];
            long start = live.starts[i];
            boolean isLive =
                    info.set(this, start, CodeSearch.NOW, live.compaction, memory.image(live.compaction), record);
            if (memory.wasWhole(live.compaction)) {
                info.check();
            } else {
                isLive = find(start, info) && info.start() == start;
            }
            if (isLive && info.certainty() != CodeInfo.Certainty.UNCERTAIN) {
                visitor.accept(info);
            }
        }
    }

    /** Offsets of the records of loaded code in the image of a compaction. */
    private static final class LiveCode {
        private int compaction;
        private int count;
        private int[] records = new int[1024];
        private long[] starts = new long[1024];

        void add(int record, long start) {
            if (count == records.length) {
                records = Arrays.copyOf(records, 2 * count);
                starts = Arrays.copyOf(starts, 2 * count);
            }
            records[count] = record;
            starts[count++] = start;
        }
    }

    private LiveCode live() {
        while (true) {
            LiveCode live = new LiveCode();
            live.compaction = memory.compaction();
            ByteBuffer image = memory.image(live.compaction);
            try {
                int used = CodeMemory.intAcquired(image, CodeMemory.USED) * CodeMemory.UNIT;
                int units;
                for (int at = image.getInt(CodeMemory.LOG) * CodeMemory.UNIT;
                        at < used;
                        at += units * CodeMemory.UNIT) {
                    units = image.getInt(at + CodeMemory.UNITS);
                    if (units <= 0) {
                        break; // the image is being overwritten
                    }
                    if (image.getInt(at + CodeMemory.KIND) != CodeMemory.KIND_NAME
                            && CodeMemory.longAcquired(image, at + CodeMemory.UNLOADED) == 0) {
                        live.add(at, image.getLong(at + CodeMemory.START));
                    }
                }
                if (memory.wasWhole(live.compaction)) {
                    return live;
                }
            } catch (IndexOutOfBoundsException e) {
                if (memory.wasWhole(live.compaction)) {
                    throw e;
                }
            }
        }
    }
}
