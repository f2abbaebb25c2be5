package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * Code that {@link JvmCode} has recorded. If the records were compacted since the search, the methods find the code
 * again. If it was evicted, or frames that were read were dropped, they throw {@link IllegalStateException}: a frame of
 * the rest would be of another method.
 */
final class RecordedCode extends FoundCode {
    /** Values that are not fields of the record. Fields have offsets, which are not negative. */
    private static final int FRAMES = -1;

    private static final int BYTECODE = -2;
    private static final int METHOD_ID = -3;
    private static final int HAS_RECORD = -4;
    /** In place of a frame: the code as a whole. */
    private static final int WHOLE = -1;
    /** The reports of the JVM are not later than this, in nanoseconds: ten times what was seen. */
    private static final long MAX_DELAY = 5_000_000_000L;
    /** Ends a loop over a chain, which may be a ring in memory that is being overwritten. */
    private static final int MAX_FRAMES = 1 << 12;

    private final CodeInfo owner;
    private JvmCode code;
    private long instruction;
    private long time;
    private int compaction;
    private int record;
    private boolean isMethod;
    private long start;
    private long end;
    private long loaded;
    private long unloaded;
    private long nextLoaded;
    private int head;
    private int blobBytes;
    private int compileId;
    /** The number of scopes when a frame was read first; -1: none was. All are dropped together. */
    private int scopes;

    RecordedCode(CodeInfo owner) {
        this.owner = owner;
    }

    /**
     * Copies a record from an image that may be overwritten during the call. The caller checks
     * {@link CodeMemory#wasWhole} afterwards.
     */
    void set(JvmCode from, long atInstruction, long atTime, int ofCompaction, ByteBuffer image, int found) {
        code = from;
        instruction = atInstruction;
        time = atTime;
        compaction = ofCompaction;
        scopes = -1;
        record = found;
        isMethod = image.getInt(record + CodeMemory.KIND) == CodeMemory.KIND_METHOD;
        start = image.getLong(record + CodeMemory.START);
        end = image.getLong(record + CodeMemory.END);
        loaded = image.getLong(record + CodeMemory.LOADED);
        unloaded = image.getLong(record + CodeMemory.UNLOADED);
        head = image.getInt(record + CodeMemory.HEAD);
        blobBytes = image.getInt(record + CodeMemory.BLOB_BYTES);
        compileId = image.getInt(record + CodeMemory.COMPILE_ID);
        nextLoaded =
                unloaded == 0 || time == CodeSearch.NOW ? 0 : CodeSearch.nextLoaded(image, record, instruction, time);
    }

    /** Returns whether the JVM has not reported the end of the code, so that it can be compared with memory. */
    boolean isComparable() {
        return isMethod && unloaded == 0;
    }

    /**
     * Returns whether other code may have been at the address at that time, which the JVM had not reported yet, as
     * {@code is_uncertain()} of code_store.c does. The record was whole.
     */
    boolean isUncertain() {
        if (!isMethod) {
            return false;
        }
        if (unloaded == 0) {
            // its end is not reported yet, so when it ended is unknown
            return !code.memory().isThere(start, head, blobBytes, compileId);
        }
        if (time - (unloaded - MAX_DELAY) < 0) {
            return false;
        }
        return nextLoaded != 0 ? nextLoaded - time <= MAX_DELAY : code.memory().isLost(instruction) || isRecent();
    }

    private boolean isRecent() {
        return System.nanoTime() - time < MAX_DELAY;
    }

    @Override
    boolean isMethod() {
        return isMethod;
    }

    @Override
    boolean isInterpreter() {
        return !isMethod && code.memory().isInterpreter(start, end);
    }

    @Override
    long start() {
        return start;
    }

    @Override
    long end() {
        return end;
    }

    @Override
    long loaded() {
        return loaded;
    }

    @Override
    long unloaded() {
        return unloaded;
    }

    @Override
    boolean isBeforeStart() {
        return ((int) read(CodeMemory.FLAGS, 0) & CodeMemory.WAS_THERE) != 0;
    }

    @Override
    int tier() {
        return (int) read(CodeMemory.TIER, 0);
    }

    @Override
    int compileId() {
        return compileId;
    }

    @Override
    int entryBytecode() {
        return (int) read(CodeMemory.ENTRY_BCI, 0);
    }

    @Override
    int frames() {
        return isMethod ? (int) read(FRAMES, 0) : 0;
    }

    @Override
    boolean hasRecord() {
        return isMethod && read(HAS_RECORD, 0) != 0;
    }

    @Override
    int bytecode(int frame) {
        return (int) read(BYTECODE, frame);
    }

    @Override
    long methodId(int frame) {
        return read(METHOD_ID, frame);
    }

    @Override
    String className(int frame) {
        return ClassNames.ofSignature(readText(frame, 0));
    }

    @Override
    String methodName(int frame) {
        return readText(frame, 1);
    }

    @Override
    String signature(int frame) {
        return readText(frame, 2);
    }

    @Override
    String stubName() {
        return readText(WHOLE, 1);
    }

    // ---- Reading memory that may be overwritten ----

    /** Returns a field of the record, or a value of a frame. */
    private long read(int field, int frame) {
        while (true) {
            int ofCompaction = compaction;
            try {
                ByteBuffer image = code.memory().image(ofCompaction);
                long value = readIn(image, field, frame);
                int now = field < 0 ? image.getInt(record + CodeMemory.SCOPES) : scopes;
                if (code.memory().wasWhole(ofCompaction)) {
                    noteScopes(now);
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
            case HAS_RECORD:
                return isScope(image, CodeSearch.scopeAt(image, record, instruction)) ? 1 : 0;
            case METHOD_ID:
                int name = nameOf(image, frame);
                return name == 0 ? 0 : image.getLong(name + CodeMemory.KEY);
            default:
                return image.getInt(record + field);
        }
    }

    /** Returns a text of an existing frame, or of WHOLE. */
    private String readText(int frame, int part) {
        while (true) {
            int ofCompaction = compaction;
            try {
                ByteBuffer image = code.memory().image(ofCompaction);
                int name = nameOf(image, frame);
                String text = name == 0 ? "" : textOf(image, name, part);
                int now = frame != WHOLE ? image.getInt(record + CodeMemory.SCOPES) : scopes;
                if (code.memory().wasWhole(ofCompaction)) {
                    noteScopes(now);
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

    private void noteScopes(int now) {
        if (scopes >= 0 && now != scopes) {
            throw evicted("frames of the code have been dropped");
        }
        scopes = now;
    }

    private IllegalStateException evicted(String what) {
        owner.setNone(CodeInfo.Certainty.EVICTED);
        return new IllegalStateException(
                what + " since it was found: open JvmCode with more memory, or read results earlier");
    }

    /** Finds the same code in the current image. The result stays as certain as it was, and of the same time. */
    private void findAgain() {
        CodeInfo.Certainty certainty = owner.certainty();
        long oldTime = time;
        long oldStart = start;
        long oldLoaded = loaded;
        long oldUnloaded = unloaded;
        int oldScopes = scopes;
        if (!code.find(instruction, CodeInfo.AddressKind.RUNNING_AT, time == CodeSearch.NOW ? loaded : time, owner)
                || start != oldStart
                || loaded != oldLoaded) {
            throw evicted("the code has been evicted");
        }
        time = oldTime;
        scopes = oldScopes;
        unloaded = oldUnloaded;
        owner.keep(certainty);
    }

    private boolean isScope(ByteBuffer image, int scope) {
        return Integer.compareUnsigned(scope, image.getInt(record + CodeMemory.SCOPES)) < 0;
    }

    private int callerOf(ByteBuffer image, int scope) {
        return image.getInt(CodeSearch.scope(image, record, scope) + 2 * Integer.BYTES);
    }

    private int countFrames(ByteBuffer image) {
        int count = 0;
        for (int scope = CodeSearch.scopeAt(image, record, instruction);
                isScope(image, scope) && count < MAX_FRAMES;
                count++) {
            scope = callerOf(image, scope);
        }
        return Math.max(count, 1);
    }

    /** Returns the offset of the scope of a frame in the image; -1: none, and the frame is the compiled method. */
    private int scopeOf(ByteBuffer image, int frame) {
        int scope = CodeSearch.scopeAt(image, record, instruction);
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
