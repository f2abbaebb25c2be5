package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The code that an instruction of a JVM belongs to, as {@link JvmCodeReader#find} found it. Make one and use it again and again: it
 * holds 140 KiB of memory. Belongs to one thread.
 *
 * <p>It is as of the time of the search, whatever the JVM does later. Reading numbers allocates nothing; names become strings when
 * they are asked for.
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

    /** What a search had for a result. */
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

    /** A location without a search's result. */
    public CodeLocation() {
    }

    /** The numbers above, for the test that compares them with the core's. */
    static int[] layout() {
        return new int[] {START, END, METHOD, KIND, TIER, COMPILE_ID, ENTRY_BCI, FRAME_COUNT, HAS_RECORD, NAME, FRAMES, TEXT, SIZE,
            FRAME_METHOD, FRAME_BCI, FRAME_TEXTS, FRAME_SIZE, TEXT_SIZE, KIND_METHOD, KIND_INTERPRETER,
            CodeAddress.RETURNS_TO.ordinal()};
    }

    /** {@code struct mf_code_result}, to be filled. */
    ByteBuffer result() {
        status = Status.NONE;
        return result;
    }

    /** Takes what the core returned. @return whether there is code */
    boolean take(int rc) {
        status = rc == 0 ? Status.FOUND : rc == JvmCalls.ENOENT ? Status.NONE : Status.UNREADABLE;
        return rc == 0;
    }

    /** The result of the last search. */
    public Status status() {
        return status;
    }

    private void check() {
        if (status != Status.FOUND) {
            throw new IllegalStateException("no code was found: " + status);
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

    /** Whether it is a method or a stub; the interpreter is a stub. */
    public CodeKind kind() {
        return number(KIND) == KIND_METHOD ? CodeKind.METHOD : CodeKind.STUB;
    }

    /** Whether it is the interpreter: then {@link #name()} is the codelet's, which is the bytecode that it executes. */
    public boolean isInterpreter() {
        return number(KIND) == KIND_INTERPRETER;
    }

    /** First address of the code. */
    public long start() {
        check();
        return result.getLong(START);
    }

    /** End of the code, exclusive. */
    public long end() {
        check();
        return result.getLong(END);
    }

    /**
     * The compiler: 1 to 3 C1 (1 without, 2 with some, 3 with full profiling), 4 C2 or its replacement, 0 none, as for the wrapper
     * of a native method; -1: unknown, or a stub.
     */
    public int tier() {
        return number(TIER);
    }

    /** The number that {@code -XX:+PrintCompilation} prints; -1: unknown, or a stub. */
    public int compileId() {
        return number(COMPILE_ID);
    }

    /** The bytecode index at which the code is entered in the middle of a loop (OSR); -1: it is entered at its beginning. */
    public int entryBytecode() {
        return number(ENTRY_BCI);
    }

    /** Number of methods at the instruction: the innermost inlined one, its callers, and last the compiled method. 0: a stub. */
    public int frames() {
        return number(FRAME_COUNT);
    }

    /**
     * Whether the JVM has a debug record for the instruction. If not, the compiled method is the only frame, and which methods are
     * inlined there is unknown. Wrappers of native methods have no record.
     */
    public boolean hasRecord() {
        return number(HAS_RECORD) != 0;
    }

    /** Bytecode index in a frame; -1: unknown, or before the first bytecode. */
    public int bytecode(int frame) {
        return result.getInt(checkFrame(frame) + FRAME_BCI);
    }

    /** Address of the JVM's own structure of a frame's method, which methods differ by until one is unloaded. */
    public long methodAddress(int frame) {
        return result.getLong(checkFrame(frame) + FRAME_METHOD);
    }

    private String text(int at) {
        return ModifiedUtf8.decode(result, TEXT + result.getInt(at), result.getInt(at + Integer.BYTES));
    }

    private String text(int frame, int part) {
        return text(checkFrame(frame) + FRAME_TEXTS + part * TEXT_SIZE);
    }

    /** The class that declares a frame's method, as {@link Class#getName()} returns it; empty: unknown. */
    public String className(int frame) {
        return ClassNames.ofInternal(text(frame, CLASS_PART));
    }

    /** Name of a frame's method, such as {@code <init>}; empty: unknown. */
    public String methodName(int frame) {
        return text(frame, NAME_PART);
    }

    /** A frame's parameters and result, such as {@code (ILjava/lang/String;)V}; empty: unknown. */
    public String signature(int frame) {
        return text(frame, SIGNATURE_PART);
    }

    /** Name of the compiled method, of the stub, or of the interpreter's codelet. */
    public String name() {
        int count = frames();
        return count > 0 ? methodName(count - 1) : text(NAME);
    }

    /** Such as {@code java.lang.String.charAt(I)C}, {@code I2C/C2I adapters} or {@code Interpreter iload_0}. */
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
        return name.length() > 1 ? name : "unknown method"; // such as one that is being unloaded
    }
}
