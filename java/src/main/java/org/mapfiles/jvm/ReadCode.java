package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Code that {@link JvmCodeReader} has read from the memory of a JVM: a copy as of the time of the search. */
final class ReadCode extends FoundCode {
    // struct mf_code_result, in the order of codeResultLayout(), native/src/jni/layout_natives.c
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

    private final ByteBuffer result = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());

    /** Returns the constants above. A test compares them with those of the native core. */
    static int[] layout() {
        return new int[] {
            START,
            END,
            METHOD,
            KIND,
            TIER,
            COMPILE_ID,
            ENTRY_BCI,
            FRAME_COUNT,
            HAS_RECORD,
            NAME,
            FRAMES,
            TEXT,
            SIZE,
            FRAME_METHOD,
            FRAME_BCI,
            FRAME_TEXTS,
            FRAME_SIZE,
            TEXT_SIZE,
            KIND_METHOD,
            KIND_INTERPRETER,
            CodeInfo.AddressKind.RETURNS_TO.ordinal()
        };
    }

    /** Returns the memory of {@code struct mf_code_result}. */
    ByteBuffer result() {
        return result;
    }

    @Override
    boolean isMethod() {
        return result.getInt(KIND) == KIND_METHOD;
    }

    @Override
    boolean isInterpreter() {
        return result.getInt(KIND) == KIND_INTERPRETER;
    }

    @Override
    long start() {
        return result.getLong(START);
    }

    @Override
    long end() {
        return result.getLong(END);
    }

    @Override
    int tier() {
        return result.getInt(TIER);
    }

    @Override
    int compileId() {
        return result.getInt(COMPILE_ID);
    }

    @Override
    int entryBytecode() {
        return result.getInt(ENTRY_BCI);
    }

    @Override
    int frames() {
        return result.getInt(FRAME_COUNT);
    }

    @Override
    boolean hasRecord() {
        return result.getInt(HAS_RECORD) != 0;
    }

    @Override
    int bytecode(int frame) {
        return result.getInt(FRAMES + frame * FRAME_SIZE + FRAME_BCI);
    }

    @Override
    long methodAddress(int frame) {
        return result.getLong(FRAMES + frame * FRAME_SIZE + FRAME_METHOD);
    }

    private String text(int at) {
        return ModifiedUtf8.decode(result, TEXT + result.getInt(at), result.getInt(at + Integer.BYTES));
    }

    private String text(int frame, int part) {
        return text(FRAMES + frame * FRAME_SIZE + FRAME_TEXTS + part * TEXT_SIZE);
    }

    @Override
    String className(int frame) {
        return ClassNames.ofInternal(text(frame, CLASS_PART));
    }

    @Override
    String methodName(int frame) {
        return text(frame, NAME_PART);
    }

    @Override
    String signature(int frame) {
        return text(frame, SIGNATURE_PART);
    }

    @Override
    String stubName() {
        return text(NAME);
    }
}
