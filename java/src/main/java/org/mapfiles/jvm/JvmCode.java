package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The compiled code of this JVM: which Java method, or stub of the JVM's own, an address belongs to, now and earlier.
 *
 * <p>The JVM tells of its code through JVMTI: no flag, no agent on the command line, no attaching. What it tells is kept in
 * memory of the native library's own, of a size set once, and stays until the process ends: methods that went are known on,
 * until that memory is full; then what went first is forgotten, and {@link #counts()} says so.
 *
 * <p>Looking up allocates nothing, takes no lock and calls no native code. For any number of threads, each with a {@link
 * CodeInfo} of its own. There is one such memory in a JVM for each copy of the library that is loaded.
 *
 * <p><b>Inlining.</b> The JVM notes fine-grained debug information for code that it compiles after the first {@link #open()}. What was
 * compiled earlier has it at calls and safepoints alone; {@code -agentpath:/path/to/libmapfiles.so} asks from the very start, and
 * {@code -XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints} has it noted always.
 *
 * <p><b>Cost.</b> A start-up that is full of compiling takes some five percent longer where it is told of from the start. Most of that
 * is the JVM's own work, for an agent that ignores what it is told, too: {@code benchmarks/run record-code} measures both.
 */
public final class JvmCode {
    private static final int USUAL_BYTES = 64 << 20;

    private static JvmCode opened;
    private static boolean asked;

    private final CodeMemory memory;

    private JvmCode(CodeMemory memory) {
        this.memory = memory;
    }

    /** As {@link #open(long)}, with 64 MiB: room for some 50,000 methods. */
    public static JvmCode open() {
        return open(0);
    }

    /**
     * Asks the JVM to tell of its code from now on, and of all that is there. Later calls ask again for what there is.
     *
     * @param bytes room for what is kept, of address space, taken as it is used: 1 MiB to 1 GiB; 0: 64 MiB. There is
     *     twice as much, and later calls do not change it
     * @throws UnsupportedOperationException if this JVM cannot tell, or is exiting; the message says what is missing
     */
    public static JvmCode open(long bytes) {
        JvmCode code = hold(bytes);
        if (setAsked(true)) {
            release(); // one is enough
        }
        return code;
    }

    /** What it was before. */
    private static synchronized boolean setAsked(boolean now) {
        boolean before = asked;
        asked = now;
        return before;
    }

    /** As {@link #open(long)}, until it is released: the JVM tells while anybody holds it, of all users of the library. */
    static JvmCode hold(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(bytes + " bytes");
        }
        int rc = JvmCalls.codeOpen(bytes); // takes its time, in which others may close
        if (rc == JvmCalls.ENOMEM) {
            throw new UnsupportedOperationException("there is no address space for twice " + (bytes == 0 ? USUAL_BYTES : bytes)
                    + " bytes: raise ulimit -v, or ask for less");
        }
        if (rc != 0) {
            boolean isExiting = rc == JvmCalls.ESRCH || rc == JvmCalls.EINVAL;
            throw new UnsupportedOperationException(isExiting ? "this JVM is exiting" : "this JVM cannot tell of its compiled code: it "
                    + "takes a HotSpot JVM with JVMTI, and CompiledMethodLoad events");
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
            opened = new JvmCode(new CodeMemory(buffer(0), buffer(1), buffer(2)));
        }
        return opened;
    }

    static void release() {
        JvmCalls.codeClose();
    }

    private static ByteBuffer buffer(int which) {
        ByteBuffer buffer = JvmCalls.codeMemory(which);
        if (buffer == null) {
            throw new UnsupportedOperationException("this JVM gives native code no access to direct buffers");
        }
        return buffer;
    }

    /**
     * Ends what {@link #open()} began, however often that was called. If nobody else in this JVM has it tell (a {@link JvmResolver} that
     * is not closed, an agent, a C program, another class loader's copy of this class), it tells no more: what is known stays, and
     * ages, as what goes from then on seems to be there. {@link #open()} begins again.
     */
    public static void stop() {
        if (setAsked(false)) {
            release();
        }
    }

    CodeMemory memory() {
        return memory;
    }

    /** Which code an address belongs to now, as far as the JVM told. False: none; {@link CodeInfo#certainty()} is NONE. */
    public boolean find(long address, CodeInfo answer) {
        return find(address, CodeSearch.NOW, answer);
    }

    /**
     * Which code an address belonged to.
     *
     * @param time of {@link System#nanoTime()}, when it was sampled
     * @return false: none that is known; {@link CodeInfo#certainty()} tells whether it was forgotten
     */
    public boolean find(long address, long time, CodeInfo answer) {
        while (true) {
            int turn = memory.compaction();
            try {
                boolean found = findIn(memory.image(turn), turn, address, time, answer);
                if (memory.wasWhole(turn)) {
                    return found;
                }
            } catch (IndexOutOfBoundsException e) {
                if (memory.wasWhole(turn)) {
                    throw e;
                }
            }
        }
    }

    private boolean findIn(ByteBuffer image, int turn, long address, long time, CodeInfo answer) {
        int record = CodeSearch.find(image, address, time);
        if (record > 0) {
            return answer.take(this, address, time, turn, image, record);
        }
        if (time != CodeSearch.NOW && time - image.getLong(CodeMemory.EVICTED_BEFORE) < 0) {
            return answer.takeNothing(CodeCertainty.FORGOTTEN);
        }
        return record == 0 ? answer.takeNothing(CodeCertainty.NONE) : answer.take(this, address, time, turn, image, record);
    }

    /** How much is known, and what it takes. */
    public CodeCounts counts() {
        long[] values = new long[8];
        JvmCalls.codeCount(values);
        return new CodeCounts(values);
    }

    /**
     * Calls a visitor with each piece of code that is there, in the order in which the JVM told of them. What comes or goes
     * meanwhile may be among them or not. The answer is the same object each time.
     */
    public void forEach(Consumer<CodeInfo> visitor) {
        Living living = living();
        CodeInfo answer = new CodeInfo();
        for (int i = 0; i < living.count; i++) {
            int record = living.records[i];
            long start = living.starts[i];
            boolean there = answer.take(this, start, CodeSearch.NOW, living.turn, memory.image(living.turn), record);
            if (!memory.wasWhole(living.turn)) {
                there = find(start, answer) && answer.start() == start;
            }
            if (there) {
                visitor.accept(answer);
            }
        }
    }

    /** Where in the image of a turn the records are whose code is there. */
    private static final class Living {
        private int turn;
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

    private Living living() {
        while (true) {
            Living living = new Living();
            living.turn = memory.compaction();
            ByteBuffer image = memory.image(living.turn);
            try {
                int used = CodeMemory.intAcquired(image, CodeMemory.USED) * CodeMemory.UNIT;
                int units;
                for (int at = image.getInt(CodeMemory.LOG) * CodeMemory.UNIT; at < used; at += units * CodeMemory.UNIT) {
                    units = image.getInt(at + CodeMemory.UNITS);
                    if (units <= 0) {
                        break; // it is being overwritten
                    }
                    if (image.getInt(at + CodeMemory.KIND) != CodeMemory.KIND_NAME
                            && CodeMemory.longAcquired(image, at + CodeMemory.UNLOADED) == 0) {
                        living.add(at, image.getLong(at + CodeMemory.START));
                    }
                }
                if (memory.wasWhole(living.turn)) {
                    return living;
                }
            } catch (IndexOutOfBoundsException e) {
                if (memory.wasWhole(living.turn)) {
                    throw e;
                }
            }
        }
    }
}
