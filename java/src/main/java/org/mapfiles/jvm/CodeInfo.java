package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * A reusable holder of the code that {@link JvmCode#find} found at an address: a method with its inlined methods, or a stub.
 *
 * <p>Reading numbers allocates nothing and calls no native code. Methods that return a {@link String} allocate it. Times are those of
 * {@link System#nanoTime()}.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time.
 *
 * <p>Before the first search, and after a search without a result, all methods but {@link #certainty} and {@link #toString} throw
 * {@link IllegalStateException}. A frame that does not exist causes an {@link IndexOutOfBoundsException}. If the recorded code was
 * compacted since the search, the methods find the code again. If the code was evicted, they throw {@link IllegalStateException}.
 */
public final class CodeInfo {
    /** Values that are not fields of the record. Fields have offsets, which are not negative. */
    private static final int FRAMES = -1;
    private static final int BYTECODE = -2;
    private static final int METHOD_ID = -3;
    /** In place of a frame: the code as a whole. */
    private static final int WHOLE = -1;
    /** Ends a loop over a chain, which may be a ring in memory that is being overwritten. */
    private static final int MAX_FRAMES = 1 << 12;

    private JvmCode code;
    private long address;
    private long time;
    private int compaction;
    private int record;
    private CodeCertainty certainty = CodeCertainty.NONE;
    private boolean isMethod;
    private long start;
    private long end;
    private long loaded;
    private long unloaded;

    /** Constructs a holder without a result. */
    public CodeInfo() {
    }

    /** Copies a record from an image that may be overwritten during the call. The caller checks {@link CodeMemory#wasWhole} afterwards. */
    boolean set(JvmCode from, long atAddress, long atTime, int ofCompaction, ByteBuffer image, int found) {
        code = from;
        address = atAddress;
        time = atTime;
        compaction = ofCompaction;
        record = found < 0 ? ~found : found;
        isMethod = image.getInt(record + CodeMemory.KIND) == CodeMemory.KIND_METHOD;
        start = image.getLong(record + CodeMemory.START);
        end = image.getLong(record + CodeMemory.END);
        loaded = image.getLong(record + CodeMemory.LOADED);
        unloaded = image.getLong(record + CodeMemory.UNLOADED);
        certainty = found < 0 ? CodeCertainty.RECORDED_LATER : CodeCertainty.RECORDED;
        return true;
    }

    boolean setNone(CodeCertainty reason) {
        certainty = reason;
        record = 0;
        return false;
    }

    /** Returns how certain the result is, or why there is none. */
    public CodeCertainty certainty() {
        return certainty;
    }

    /** Returns whether the code is a method or a stub. */
    public CodeKind kind() {
        check();
        return isMethod ? CodeKind.METHOD : CodeKind.STUB;
    }

    /** Returns the first address of the code. */
    public long start() {
        check();
        return start;
    }

    /** Returns the end of the code (exclusive). */
    public long end() {
        check();
        return end;
    }

    /**
     * Returns when the JVM reported the code, in nanoseconds. For code that existed when recording started ({@link #isBeforeStart}) it is
     * that time.
     */
    public long loaded() {
        check();
        return loaded;
    }

    /** Returns when the JVM reported that the code was unloaded, in nanoseconds; 0: it had not reported that at the time of the search. */
    public long unloaded() {
        check();
        return unloaded;
    }

    /**
     * Returns whether the code existed when recording started. Its load time is unknown then, and the JVM may report its inlined methods
     * only coarsely.
     */
    public boolean isBeforeStart() {
        return (number(CodeMemory.FLAGS) & CodeMemory.WAS_THERE) != 0;
    }

    /**
     * Returns the tier of compilation: 1 to 3: C1 (without, with limited, with full profiling); 4: C2 or another compiler; 0: not compiled,
     * such as the wrapper of a native method; -1: unknown. See CompLevel, src/hotspot/share/compiler/compilerDefinitions.hpp.
     */
    public int tier() {
        return number(CodeMemory.TIER);
    }

    /** Returns the compile ID that {@code -XX:+PrintCompilation} prints; -1: unknown. */
    public int compileId() {
        return number(CodeMemory.COMPILE_ID);
    }

    /** Returns the bytecode index of the loop at which the code is entered (on-stack replacement); -1: it is entered at its beginning. */
    public int entryBytecode() {
        return number(CodeMemory.ENTRY_BCI);
    }

    /**
     * Returns the number of methods at the address; 0: a stub. Frame 0 is the innermost inlined method; its callers follow; the last frame
     * is the compiled method.
     */
    public int frames() {
        check();
        return isMethod ? (int) read(FRAMES, 0) : 0;
    }

    /** Returns the bytecode index in a frame; -1: unknown. */
    public int bytecode(int frame) {
        checkFrame(frame);
        return (int) read(BYTECODE, frame);
    }

    /** Returns the ID of the method of a frame (jmethodID), which identifies the method until this JVM exits; 0: unknown. */
    public long methodId(int frame) {
        checkFrame(frame);
        return read(METHOD_ID, frame);
    }

    /** Returns the class that declares the method of a frame, as {@link Class#getName()} does; empty: unknown. */
    public String className(int frame) {
        return ClassNames.ofSignature(text(frame, 0));
    }

    /** Returns the name of the method of a frame, such as {@code <init>}; empty: unknown. */
    public String methodName(int frame) {
        return text(frame, 1);
    }

    /** Returns the descriptor of the method of a frame, such as {@code (ILjava/lang/String;)V}; empty: unknown. */
    public String signature(int frame) {
        return text(frame, 2);
    }

    /** Returns the name of the compiled method, or of the stub. */
    public String name() {
        check();
        return isMethod ? methodName(frames() - 1) : readText(WHOLE, 1);
    }

    /** Returns a text such as {@code java.lang.String.charAt(I)C}, the name of the stub, "no code" or "evicted". Never throws. */
    @Override
    public String toString() {
        try {
            if (record != 0 && !isMethod) {
                return name();
            }
            if (record != 0) {
                int last = frames() - 1;
                return className(last) + '.' + methodName(last) + signature(last);
            }
        } catch (IllegalStateException evicted) {
            // certainty is EVICTED
        }
        return certainty == CodeCertainty.EVICTED ? "evicted" : "no code";
    }

    // ---- Reading memory that may be overwritten ----

    private void check() {
        if (record == 0) {
            throw new IllegalStateException("no code was found: call find() first, and use its result only if it returns true");
        }
    }

    private void checkFrame(int frame) {
        int count = frames();
        if (frame < 0 || frame >= count) {
            throw new IndexOutOfBoundsException("frame " + frame + " of " + count);
        }
    }

    private int number(int field) {
        check();
        return (int) read(field, 0);
    }

    /** Returns a field of the record, or a value of a frame. */
    private long read(int field, int frame) {
        while (true) {
            int ofCompaction = compaction;
            try {
                long value = readIn(code.memory().image(ofCompaction), field, frame);
                if (code.memory().wasWhole(ofCompaction)) {
                    return value;
                }
            } catch (IndexOutOfBoundsException e) {
                throwIfWhole(ofCompaction, e);
            }
            findAgain();
        }
    }

    private long readIn(ByteBuffer image, int field, int frame) {
        switch (field) {
            case FRAMES:
                return countFrames(image);
            case BYTECODE:
                int scope = scopeOf(image, frame);
                return scope < 0 ? -1 : image.getInt(scope + Integer.BYTES);
            case METHOD_ID:
                int name = nameOf(image, frame);
                return name == 0 ? 0 : image.getLong(name + CodeMemory.KEY);
            default:
                return image.getInt(record + field);
        }
    }

    private String text(int frame, int part) {
        checkFrame(frame);
        return readText(frame, part);
    }

    /** Returns a text of an existing frame, or of WHOLE. */
    private String readText(int frame, int part) {
        while (true) {
            int ofCompaction = compaction;
            try {
                ByteBuffer image = code.memory().image(ofCompaction);
                int name = nameOf(image, frame);
                String text = name == 0 ? "" : textOf(image, name, part);
                if (code.memory().wasWhole(ofCompaction)) {
                    return text;
                }
            } catch (IndexOutOfBoundsException e) {
                throwIfWhole(ofCompaction, e);
            }
            findAgain();
        }
    }

    private void throwIfWhole(int ofCompaction, IndexOutOfBoundsException e) {
        if (code.memory().wasWhole(ofCompaction)) {
            throw e;
        }
    }

    /** Finds the same code in the current image. */
    private void findAgain() {
        long oldStart = start;
        long oldLoaded = loaded;
        JvmCode from = code;
        if (!from.find(address, time == CodeSearch.NOW ? oldLoaded : time, this) || start != oldStart || loaded != oldLoaded) {
            setNone(CodeCertainty.EVICTED);
            throw new IllegalStateException("the code has been evicted since it was found: open JvmCode with more memory, or read results"
                    + " earlier");
        }
    }

    private boolean isScope(ByteBuffer image, int scope) {
        return Integer.compareUnsigned(scope, image.getInt(record + CodeMemory.SCOPES)) < 0;
    }

    private int callerOf(ByteBuffer image, int scope) {
        return image.getInt(CodeSearch.scope(image, record, scope) + 2 * Integer.BYTES);
    }

    private int countFrames(ByteBuffer image) {
        int count = 0;
        for (int scope = CodeSearch.scopeAt(image, record, address); isScope(image, scope) && count < MAX_FRAMES; count++) {
            scope = callerOf(image, scope);
        }
        return Math.max(count, 1);
    }

    /** Returns the offset of the scope of a frame in the image; -1: none, and the frame is the compiled method. */
    private int scopeOf(ByteBuffer image, int frame) {
        int scope = CodeSearch.scopeAt(image, record, address);
        for (int i = 0; i < frame && isScope(image, scope); i++) {
            scope = callerOf(image, scope);
        }
        return isScope(image, scope) ? CodeSearch.scope(image, record, scope) : -1;
    }

    /** Returns the offset in the image of the name of a frame or of WHOLE; 0: unknown. */
    private int nameOf(ByteBuffer image, int frame) {
        int scope = frame == WHOLE ? -1 : scopeOf(image, frame);
        return image.getInt(scope < 0 ? record + CodeMemory.NAME : scope) * CodeMemory.UNIT;
    }

    private static String textOf(ByteBuffer image, int name, int part) {
        int at = name + CodeMemory.TEXT;
        int length = Short.toUnsignedInt(image.getShort(name + CodeMemory.CLASS_LENGTH));
        for (int i = 0; i < part; i++) {
            at += length;
            length = Short.toUnsignedInt(image.getShort(name + CodeMemory.CLASS_LENGTH + (i + 1) * Short.BYTES));
        }
        return ModifiedUtf8.decode(image, at, length);
    }
}
