package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A reusable holder of the code that {@link JvmCodeReader#find} found for an instruction of a JVM. It takes 140 KiB of memory.
 *
 * <p>It is a copy as of the time of the search. Reading numbers allocates nothing. Methods that return a {@link String} allocate it.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time.
 *
 * <p>If {@link #status} is not {@link Status#FOUND}, all methods but {@link #status} and {@link #toString} throw
 * {@link IllegalStateException}. A frame that does not exist causes an {@link IndexOutOfBoundsException}.
 */
public final class CodeLocation {
    // struct mf_code_result, in the order of jni_jvm.c
    private static final int START = 8;
    private static final int END = 16;
    private static final int METHOD = 40;
    private static final int KIND = 48;
    private static final int TIER = 52;
    private static final int COMPILE_ID = 56;
    private static final int ENTRY_BCI = 60;
    private static final int FRAME_COUNT = 64;
    private static final int HAS_RECORD = 68;
    private static final int NAME = 72;
    private static final int FRAMES = 88;
    private static final int FRAME_METHOD = 0;
    private static final int FRAME_BCI = 8;
    private static final int FRAME_TEXTS = 16;
    private static final int FRAME_SIZE = 40;
    private static final int TEXT_SIZE = 8;
    private static final int MAX_FRAMES = 256;
    private static final int TEXT = FRAMES + MAX_FRAMES * FRAME_SIZE;
    static final int SIZE = TEXT + (128 << 10);
    private static final int KIND_METHOD = 1;
    private static final int KIND_INTERPRETER = 2;

    private static final int CLASS_PART = 0;
    private static final int NAME_PART = 1;
    private static final int SIGNATURE_PART = 2;

    /** Results of a search. */
    public enum Status {
        /** The code is known. */
        FOUND,
        /** The address is in no code, or this JVM does not export where its code is. */
        NONE,
        /** The code could not be read: it changed during each of several attempts, or contradicts itself. */
        UNREADABLE
    }

    private final ByteBuffer result = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());
    private Status status = Status.NONE;

    /** Constructs a holder without a result. */
    public CodeLocation() {
    }

    /** Returns the constants above. A test compares them with those of the native core. */
    static int[] layout() {
        return new int[] {START, END, METHOD, KIND, TIER, COMPILE_ID, ENTRY_BCI, FRAME_COUNT, HAS_RECORD, NAME, FRAMES, TEXT, SIZE,
            FRAME_METHOD, FRAME_BCI, FRAME_TEXTS, FRAME_SIZE, TEXT_SIZE, KIND_METHOD, KIND_INTERPRETER,
            CodeAddress.RETURNS_TO.ordinal()};
    }

    /** Returns the memory of {@code struct mf_code_result} for a search. */
    ByteBuffer result() {
        status = Status.NONE;
        return result;
    }

    /** Sets the status by the result of the native function. Returns whether code was found. */
    boolean set(int rc) {
        status = rc == 0 ? Status.FOUND : rc == JvmCalls.ENOENT ? Status.NONE : Status.UNREADABLE;
        return rc == 0;
    }

    /** Returns the result of the last search. */
    public Status status() {
        return status;
    }

    private void check() {
        if (status != Status.FOUND) {
            throw new IllegalStateException("no code was found (" + status + "): check status() first");
        }
    }

    private int checkFrame(int frame) {
        int count = frames();
        if (frame < 0 || frame >= count) {
            throw new IndexOutOfBoundsException("frame " + frame + " of " + count);
        }
        return FRAMES + frame * FRAME_SIZE;
    }

    private int number(int field) {
        check();
        return result.getInt(field);
    }

    /** Returns whether the code is a method or a stub. The interpreter is a stub. */
    public CodeKind kind() {
        return number(KIND) == KIND_METHOD ? CodeKind.METHOD : CodeKind.STUB;
    }

    /** Returns whether the code is the interpreter. Then {@link #name()} is that of the codelet: the bytecode that it executes. */
    public boolean isInterpreter() {
        return number(KIND) == KIND_INTERPRETER;
    }

    /** Returns the first address of the code. */
    public long start() {
        check();
        return result.getLong(START);
    }

    /** Returns the end of the code (exclusive). */
    public long end() {
        check();
        return result.getLong(END);
    }

    /**
     * Returns the tier of compilation: 1 to 3: C1 (without, with limited, with full profiling); 4: C2 or another compiler; 0: not compiled,
     * such as the wrapper of a native method; -1: unknown, or a stub. See CompLevel,
     * src/hotspot/share/compiler/compilerDefinitions.hpp.
     */
    public int tier() {
        return number(TIER);
    }

    /** Returns the compile ID that {@code -XX:+PrintCompilation} prints; -1: unknown, or a stub. */
    public int compileId() {
        return number(COMPILE_ID);
    }

    /** Returns the bytecode index of the loop at which the code is entered (on-stack replacement); -1: it is entered at its beginning. */
    public int entryBytecode() {
        return number(ENTRY_BCI);
    }

    /**
     * Returns the number of methods at the instruction; 0: a stub. Frame 0 is the innermost inlined method; its callers follow; the last
     * frame is the compiled method.
     */
    public int frames() {
        return number(FRAME_COUNT);
    }

    /**
     * Returns whether the JVM has a debug record for the instruction. If not, the compiled method is the only frame, and it is unknown
     * which methods are inlined there. Wrappers of native methods have no record.
     */
    public boolean hasRecord() {
        return number(HAS_RECORD) != 0;
    }

    /** Returns the bytecode index in a frame; -1: unknown, or before the first bytecode. */
    public int bytecode(int frame) {
        return result.getInt(checkFrame(frame) + FRAME_BCI);
    }

    /** Returns the address of HotSpot's {@code Method} of a frame. It identifies the method until its class is unloaded. */
    public long methodAddress(int frame) {
        return result.getLong(checkFrame(frame) + FRAME_METHOD);
    }

    private String text(int at) {
        return ModifiedUtf8.decode(result, TEXT + result.getInt(at), result.getInt(at + Integer.BYTES));
    }

    private String text(int frame, int part) {
        return text(checkFrame(frame) + FRAME_TEXTS + part * TEXT_SIZE);
    }

    /** Returns the class that declares the method of a frame, as {@link Class#getName()} does; empty: unknown. */
    public String className(int frame) {
        return ClassNames.ofInternal(text(frame, CLASS_PART));
    }

    /** Returns the name of the method of a frame, such as {@code <init>}; empty: unknown. */
    public String methodName(int frame) {
        return text(frame, NAME_PART);
    }

    /** Returns the descriptor of the method of a frame, such as {@code (ILjava/lang/String;)V}; empty: unknown. */
    public String signature(int frame) {
        return text(frame, SIGNATURE_PART);
    }

    /** Returns the name of the compiled method, of the stub, or of the codelet of the interpreter. */
    public String name() {
        int count = frames();
        return count > 0 ? methodName(count - 1) : text(NAME);
    }

    /** Returns a text such as {@code java.lang.String.charAt(I)C}, {@code I2C/C2I adapters} or {@code Interpreter iload_0}. Never throws. */
    @Override
    public String toString() {
        if (status != Status.FOUND) {
            return status == Status.NONE ? "no code" : "unreadable code";
        }
        int last = frames() - 1;
        if (last < 0) {
            return isInterpreter() && !name().equals("Interpreter") ? "Interpreter " + name() : name();
        }
        String name = className(last) + '.' + methodName(last) + signature(last);
        return name.length() > 1 ? name : "unknown method"; // for example a method that is being unloaded
    }
}
