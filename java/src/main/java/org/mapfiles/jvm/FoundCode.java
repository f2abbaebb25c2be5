package org.mapfiles.jvm;

/**
 * Code that a search has found. A frame is one of {@link #frames}: the caller checks that. The values are those of
 * {@link CodeInfo}.
 */
abstract class FoundCode {
    abstract boolean isMethod();

    boolean isInterpreter() {
        return false;
    }

    abstract long start();

    abstract long end();

    long loaded() {
        return 0;
    }

    long unloaded() {
        return 0;
    }

    boolean isBeforeStart() {
        return false;
    }

    abstract int tier();

    abstract int compileId();

    abstract int entryBytecode();

    abstract int frames();

    abstract boolean hasRecord();

    abstract int bytecode(int frame);

    long methodId(int frame) {
        return 0;
    }

    long methodAddress(int frame) {
        return 0;
    }

    abstract String className(int frame);

    abstract String methodName(int frame);

    abstract String signature(int frame);

    /** Returns the name of code without frames. */
    abstract String stubName();
}
