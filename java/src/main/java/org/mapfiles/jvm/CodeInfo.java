package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * Which code an address belongs to, as {@link JvmCode#find} last found: made once, used again and again.
 *
 * <p>Reading numbers allocates nothing and calls no native code; names become strings when they are asked for. Belongs to one
 * thread. Until something was found, and after a search that found nothing, every method but {@link #certainty} and
 * {@link #toString} throws {@link IllegalStateException}; for a frame that is not there, {@link IndexOutOfBoundsException}.
 *
 * <p>When the memory behind an old answer was used again meanwhile, what is asked for is found once more by itself; only
 * if it was forgotten for good there is an {@link IllegalStateException}.
 */
public final class CodeInfo {
    /** What is read that is no field of the record: those have offsets, from 0 on. */
    private static final int FRAMES = -1;
    private static final int BYTECODE = -2;
    private static final int METHOD_ID = -3;
    /** In place of a frame: the code as a whole. */
    private static final int WHOLE = -1;
    /** In memory that is being overwritten a chain may be a ring. */
    private static final int MAX_FRAMES = 1 << 12;

    private JvmCode code;
    private long address;
    private long time;
    private int turn;
    private int record;
    private CodeCertainty certainty = CodeCertainty.NONE;
    private boolean isMethod;
    private long start;
    private long end;
    private long loaded;
    private long unloaded;

    /** An answer to nothing yet. */
    public CodeInfo() {
    }

    /** Of an image that may be overwritten: the caller looks whether it was. */
    boolean take(JvmCode from, long askedAddress, long askedTime, int fromTurn, ByteBuffer image, int found) {
        code = from;
        address = askedAddress;
        time = askedTime;
        turn = fromTurn;
        record = found < 0 ? ~found : found;
        isMethod = image.getInt(record + CodeMemory.KIND) == CodeMemory.KIND_METHOD;
        start = image.getLong(record + CodeMemory.START);
        end = image.getLong(record + CodeMemory.END);
        loaded = image.getLong(record + CodeMemory.LOADED);
        unloaded = image.getLong(record + CodeMemory.UNLOADED);
        certainty = found < 0 ? CodeCertainty.RECORDED_LATER : CodeCertainty.RECORDED;
        return true;
    }

    boolean takeNothing(CodeCertainty why) {
        certainty = why;
        record = 0;
        return false;
    }

    /** How sure the answer is, or why there is none. */
    public CodeCertainty certainty() {
        return certainty;
    }

    /** What it is. */
    public CodeKind kind() {
        check();
        return isMethod ? CodeKind.METHOD : CodeKind.STUB;
    }

    /** First address of the code. */
    public long start() {
        check();
        return start;
    }

    /** The address behind its last. */
    public long end() {
        check();
        return end;
    }

    /** When the JVM told of it, by {@link System#nanoTime()}; of code that was there before it was asked, when that was. */
    public long loaded() {
        check();
        return loaded;
    }

    /** When the JVM told that it went; 0: it had not when this was found. */
    public long unloaded() {
        check();
        return unloaded;
    }

    /** Whether it was there before the JVM was asked to tell: its inlining may then be told coarsely. */
    public boolean wasThere() {
        return (number(CodeMemory.FLAGS) & CodeMemory.WAS_THERE) != 0;
    }

    /**
     * By which compiler: 1 to 3 C1 (1 without, 2 with some, 3 with full profiling), 4 C2 or what stands for it, 0 none, as for
     * the wrapper of a native method; -1: not known.
     */
    public int tier() {
        return number(CodeMemory.TIER);
    }

    /** The number {@code -XX:+PrintCompilation} shows; -1: not known. */
    public int compileId() {
        return number(CodeMemory.COMPILE_ID);
    }

    /** The bytecode index at which it is entered in the middle of a loop (OSR); -1: it is entered at its beginning. */
    public int entryBytecode() {
        return number(CodeMemory.ENTRY_BCI);
    }

    /** How many methods are at the address: the innermost inlined one, its callers, and at last the method compiled. 0: a stub. */
    public int frames() {
        check();
        return isMethod ? (int) read(FRAMES, 0) : 0;
    }

    /** Bytecode index in a frame; -1: not known. */
    public int bytecode(int frame) {
        checkFrame(frame);
        return (int) read(BYTECODE, frame);
    }

    /** A number that tells methods apart, the same in every answer as long as this JVM lives; 0: not known. */
    public long methodId(int frame) {
        checkFrame(frame);
        return read(METHOD_ID, frame);
    }

    /** The class that declares a frame's method, as {@link Class#getName()} gives it; empty: not known. */
    public String className(int frame) {
        return ClassNames.ofSignature(text(frame, 0));
    }

    /** Name of a frame's method, such as {@code <init>}; empty: not known. */
    public String methodName(int frame) {
        return text(frame, 1);
    }

    /** A frame's parameters and result, such as {@code (ILjava/lang/String;)V}; empty: not known. */
    public String signature(int frame) {
        return text(frame, 2);
    }

    /** Name of the method compiled, or of the stub. */
    public String name() {
        check();
        return isMethod ? methodName(frames() - 1) : readText(WHOLE, 1);
    }

    /** Such as {@code java.lang.String.charAt(I)C}, or a stub's name; "no code" or "forgotten" without an answer. Never throws. */
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
        } catch (IllegalStateException forgottenMeanwhile) {
            // what certainty says
        }
        return certainty == CodeCertainty.FORGOTTEN ? "forgotten" : "no code";
    }

    // ---- Reading what may be overwritten ----

    private void check() {
        if (record == 0) {
            throw new IllegalStateException("there is no answer: find() was not asked, or found nothing");
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

    /** A field of the record, or what is asked for of a frame. */
    private long read(int what, int frame) {
        while (true) {
            int asked = turn;
            try {
                long value = readIn(code.memory().image(asked), what, frame);
                if (code.memory().wasWhole(asked)) {
                    return value;
                }
            } catch (IndexOutOfBoundsException e) {
                throwIfWhole(asked, e);
            }
            findAgain();
        }
    }

    private long readIn(ByteBuffer image, int what, int frame) {
        switch (what) {
            case FRAMES:
                return countFrames(image);
            case BYTECODE:
                int scope = scopeOf(image, frame);
                return scope < 0 ? -1 : image.getInt(scope + Integer.BYTES);
            case METHOD_ID:
                int name = nameOf(image, frame);
                return name == 0 ? 0 : image.getLong(name + CodeMemory.KEY);
            default:
                return image.getInt(record + what);
        }
    }

    private String text(int frame, int part) {
        checkFrame(frame);
        return readText(frame, part);
    }

    /** A text of a frame that is there, or of WHOLE. */
    private String readText(int frame, int part) {
        while (true) {
            int asked = turn;
            try {
                ByteBuffer image = code.memory().image(asked);
                int name = nameOf(image, frame);
                String text = name == 0 ? "" : textOf(image, name, part);
                if (code.memory().wasWhole(asked)) {
                    return text;
                }
            } catch (IndexOutOfBoundsException e) {
                throwIfWhole(asked, e);
            }
            findAgain();
        }
    }

    private void throwIfWhole(int asked, IndexOutOfBoundsException e) {
        if (code.memory().wasWhole(asked)) {
            throw e;
        }
    }

    /** The same code, where it is now. */
    private void findAgain() {
        long oldStart = start;
        long oldLoaded = loaded;
        JvmCode from = code;
        if (!from.find(address, time == CodeSearch.NOW ? oldLoaded : time, this) || start != oldStart || loaded != oldLoaded) {
            takeNothing(CodeCertainty.FORGOTTEN);
            throw new IllegalStateException("what this answer is about has been forgotten since: memory is bounded");
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

    /** Offset of a frame's scope in the image; -1: there is none, and the method compiled is meant. */
    private int scopeOf(ByteBuffer image, int frame) {
        int scope = CodeSearch.scopeAt(image, record, address);
        for (int i = 0; i < frame && isScope(image, scope); i++) {
            scope = callerOf(image, scope);
        }
        return isScope(image, scope) ? CodeSearch.scope(image, record, scope) : -1;
    }

    /** Offset of a name in the image, of a frame or of WHOLE; 0: not known. */
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
