package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.Errno;

/**
 * A reusable holder of the code at an address of a JVM: a method with its inlined methods, or a stub.
 * {@link JvmCode#find} fills it with code that was recorded; {@link JvmCodeReader#find} with code that was read from
 * the memory of the JVM.
 *
 * <p>Reading numbers allocates nothing and calls no native code. Methods that return a {@link String} allocate it. The
 * first search of a {@link JvmCodeReader} with a holder allocates 140 KiB of direct memory.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time.
 *
 * <p>Before the first search, and after a search without a result, all methods but {@link #isFound()},
 * {@link #certainty()} and {@link #toString} throw {@link IllegalStateException}. A frame that does not exist causes an
 * {@link IndexOutOfBoundsException}. If recorded code was compacted since the search, the methods find it again. If it
 * was evicted, or frames that were read from the holder were dropped, they throw {@link IllegalStateException}.
 */
public final class CodeInfo {
    /** Kinds of code of a JVM. */
    public enum Kind {
        /** A compiled Java method, or the wrapper of a native method. */
        METHOD,
        /** Other code of the JVM: the interpreter, an adapter, a copy routine. */
        STUB
    }

    /**
     * The instruction that an address of code stands for: the one that begins there, or the call that ends there.
     *
     * <p>HotSpot's debug records mark the <em>end</em> of an instruction: the record of a call is at the address that
     * the call returns to (PcDesc, src/hotspot/share/code/pcDesc.hpp). So the two kinds of address need different
     * records. With the wrong kind the inlined methods are wrong for up to a third of all samples.
     */
    public enum AddressKind {
        /** The instruction that begins at the address: the program counter of a sampled or interrupted thread. */
        RUNNING_AT,
        /** The call that ends at the address: the return address of a stack frame. */
        RETURNS_TO
    }

    /** How certain a result is, or why there is none. */
    public enum Certainty {
        /** The code was read from the memory of the JVM: during the search, or for a {@link JvmCodeSnapshot}. */
        READ,
        /** At that time the JVM had reported that this code was loaded, and had not reported that it was unloaded. */
        RECORDED,
        /**
         * The JVM reported this code after the requested time, and no code at the address before. The JVM reports code
         * shortly after it can run, and existing code when recording starts. Probably this code ran at that time
         * already.
         */
        RECORDED_LATER,
        /**
         * The JVM had reported this code, but other code may have been in its place at that time. The JVM reports the
         * end of code late, up to 0.4 s after other code was placed there. So this is the certainty if other code was
         * loaded there within 5 s; and if the JVM has not reported the end of this code, but other code or none is in
         * memory now.
         */
        UNCERTAIN,
        /**
         * No result: no code covers the address at that time, as far as the JVM has reported; or it does not export
         * where its code is.
         */
        NONE,
        /**
         * No result: the time is so early that code at the address may have been evicted, since memory for records is
         * bounded.
         */
        EVICTED,
        /**
         * No result: the JVM reported code at the address, or within 128 bytes, that was not recorded. The memory for
         * records was full, or the JVM returned no name of the method, which it was unloading.
         */
        NOT_RECORDED,
        /**
         * No result: the code could not be read from memory. It changed during each of several attempts, or contradicts
         * itself.
         */
        UNREADABLE
    }

    private final RecordedCode recorded = new RecordedCode(this);
    private ReadCode read;
    private FoundCode found;
    private Certainty certainty = Certainty.NONE;
    /** Whether {@link #certainty()} compares the recorded code with memory. */
    private boolean isUnchecked;

    /** Constructs a holder without a result. */
    public CodeInfo() {}

    /** Sets recorded code. The caller checks {@link CodeMemory#wasWhole} afterwards. */
    boolean set(JvmCode from, long instruction, long time, int compaction, ByteBuffer image, int record) {
        recorded.set(from, instruction, time, compaction, image, record < 0 ? ~record : record);
        certainty = record < 0 ? Certainty.RECORDED_LATER : Certainty.RECORDED;
        isUnchecked = false;
        found = recorded;
        return true;
    }

    /**
     * Checks the certainty of recorded code, after its record was whole. Code whose end the JVM has not reported is
     * compared with memory when the certainty is read: that takes as long as the search, and a match then means that
     * the code was there at the search too, since its compile ID is used once.
     */
    void check() {
        if (certainty == Certainty.RECORDED) {
            isUnchecked = recorded.isComparable();
            if (!isUnchecked && recorded.isUncertain()) {
                certainty = Certainty.UNCERTAIN;
            }
        }
    }

    /** Sets the certainty of code that was found again. */
    void keep(Certainty ofSearch) {
        certainty = ofSearch;
        isUnchecked = false;
    }

    /** Returns the memory for code that is read. */
    ByteBuffer toRead() {
        setNone(Certainty.NONE);
        if (read == null) {
            read = new ReadCode();
        }
        return read.result();
    }

    /** Sets the code in {@link #toRead} by the result of the native function. Returns whether code was found. */
    boolean setRead(int rc) {
        certainty = rc == 0 ? Certainty.READ : rc == Errno.ENOENT ? Certainty.NONE : Certainty.UNREADABLE;
        found = rc == 0 ? read : null;
        return rc == 0;
    }

    /** Sets code of a snapshot; null: none. Returns whether there is code. */
    boolean setSnapshot(@Nullable FoundCode code) {
        found = code;
        certainty = code == null ? Certainty.NONE : Certainty.READ;
        isUnchecked = false;
        return code != null;
    }

    boolean setNone(Certainty reason) {
        certainty = reason;
        isUnchecked = false;
        found = null;
        return false;
    }

    /** {@return whether there is a result} */
    public boolean isFound() {
        return found != null;
    }

    /**
     * {@return how certain the result is, or why there is none} Recorded code is compared with memory at the first call
     * after a search. If it was replaced between search and call, it is {@link Certainty#UNCERTAIN} too.
     */
    public Certainty certainty() {
        if (isUnchecked) {
            isUnchecked = false;
            certainty = recorded.isUncertain() ? Certainty.UNCERTAIN : Certainty.RECORDED;
        }
        return certainty;
    }

    private FoundCode found() {
        if (found == null) {
            throw new IllegalStateException("no code was found (" + certainty
                    + "): call find() first, and use its result only if it" + " returns true");
        }
        return found;
    }

    private FoundCode foundWith(int frame) {
        int count = frames();
        if (frame < 0 || frame >= count) {
            throw new IndexOutOfBoundsException("frame " + frame + " of " + count);
        }
        return found;
    }

    /** {@return whether the code is a method or a stub} The interpreter is a stub. */
    public Kind kind() {
        return found().isMethod() ? Kind.METHOD : Kind.STUB;
    }

    /**
     * {@return whether the code is the interpreter} After {@link JvmCodeReader#find} {@link #name()}, {@link #start()}
     * and {@link #end()} are those of the codelet: the bytecode that it executes. In {@link JvmCodeReader#forEach} and
     * in a {@link JvmCodeSnapshot} all codelets are one piece of code, named {@code Interpreter}. The JVM reports them
     * as one such stub too, to recording that starts later than the JVM.
     */
    public boolean isInterpreter() {
        return found().isInterpreter();
    }

    /**
     * {@return the first address of the code} A codelet of the interpreter begins with its head, of 16 bytes or more.
     */
    public long start() {
        return found().start();
    }

    /** {@return the end of the code (exclusive)} */
    public long end() {
        return found().end();
    }

    /**
     * {@return when the JVM reported the code, a {@link System#nanoTime()}} For code that existed when recording
     * started ({@link #isBeforeStart}) it is that time. 0: unknown, since the code was read from memory.
     */
    public long loaded() {
        return found().loaded();
    }

    /**
     * {@return when the JVM reported that the code was unloaded, a {@link System#nanoTime()}; 0: it had not reported
     * that at the time of the search, or the code was read from memory}
     */
    public long unloaded() {
        return found().unloaded();
    }

    /**
     * {@return whether the code existed when recording started} Its load time is unknown then, and the JVM may report
     * its inlined methods only coarsely. False for code that was read from memory.
     */
    public boolean isBeforeStart() {
        return found().isBeforeStart();
    }

    /**
     * {@return the tier of compilation: 1 to 3: C1 (without, with limited, with full profiling); 4: C2 or another
     * compiler; 0: not compiled, such as the wrapper of a native method; -1: unknown, or a stub} See CompLevel,
     * src/hotspot/share/compiler/compilerDefinitions.hpp.
     */
    public int tier() {
        return found().tier();
    }

    /** {@return the compile ID that {@code -XX:+PrintCompilation} prints; -1: unknown, or a stub} */
    public int compileId() {
        return found().compileId();
    }

    /**
     * {@return the bytecode index of the loop at which the code is entered (on-stack replacement); -1: it is entered at
     * its beginning}
     */
    public int entryBytecode() {
        return found().entryBytecode();
    }

    /**
     * {@return the number of methods at the instruction; 0: a stub} Frame 0 is the innermost inlined method; its
     * callers follow; the last frame is the compiled method. Code of the interpreter has one frame, the method that it
     * executes, if {@link JvmCodeReader#find(long, AddressKind, long, CodeInfo)} has found it; else 0.
     */
    public int frames() {
        return found().frames();
    }

    /**
     * {@return whether there is a debug record for the instruction} If not, the compiled method is the only frame, and
     * it is unknown which methods are inlined there. Wrappers of native methods and the interpreter have no record.
     * {@link JvmCode} drops records when its memory is full.
     */
    public boolean hasRecord() {
        return found().hasRecord();
    }

    /**
     * {@return the bytecode index in a frame; -1: unknown, or before the first bytecode}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public int bytecode(int frame) {
        return foundWith(frame).bytecode(frame);
    }

    /**
     * {@return the ID of the method of a frame (jmethodID), which identifies the method until this JVM exits; 0:
     * unknown, since the code was read from memory}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public long methodId(int frame) {
        return foundWith(frame).methodId(frame);
    }

    /**
     * {@return the address of HotSpot's {@code Method} of a frame, which identifies the method until its class is
     * unloaded; 0: unknown, since the code was recorded}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public long methodAddress(int frame) {
        return foundWith(frame).methodAddress(frame);
    }

    /**
     * {@return the class that declares the method of a frame, as {@link Class#getName()} does; empty: unknown}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public String className(int frame) {
        return foundWith(frame).className(frame);
    }

    /**
     * {@return the name of the method of a frame, such as {@code <init>}; empty: unknown}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public String methodName(int frame) {
        return foundWith(frame).methodName(frame);
    }

    /**
     * {@return the descriptor of the method of a frame, such as {@code (ILjava/lang/String;)V}; empty: unknown}
     *
     * @param frame from 0 to below {@link #frames}
     */
    public String signature(int frame) {
        return foundWith(frame).signature(frame);
    }

    /** {@return the name of the compiled method, of the stub, or of the codelet of the interpreter} */
    public String name() {
        int count = frames();
        return count > 0 && !found.isInterpreter() ? found.methodName(count - 1) : found.stubName();
    }

    /**
     * Returns a text such as {@code java.lang.String.charAt(I)C}, {@code I2C/C2I adapters} or {@code Interpreter
     * iload_0}; without a result "no code", "evicted", "not recorded" or "unreadable code". Never throws.
     */
    @Override
    public String toString() {
        try {
            if (found != null) {
                return text();
            }
        } catch (IllegalStateException evicted) {
            // certainty is EVICTED
        }
        switch (certainty()) {
            case EVICTED:
                return "evicted";
            case NOT_RECORDED:
                return "not recorded";
            case UNREADABLE:
                return "unreadable code";
            default:
                return "no code";
        }
    }

    private String text() {
        int last = frames() - 1;
        if (last < 0) {
            return isInterpreter() && !name().equals("Interpreter") ? "Interpreter " + name() : name();
        }
        String name = className(last) + '.' + methodName(last) + signature(last);
        return name.length() > 1 ? name : "unknown method"; // for example a method that is being unloaded
    }
}
