package org.mapfiles.jvm;

/** How much the JVM told of its code, and what it takes: {@link JvmCode#counts()}. */
public final class CodeCounts {
    private final long[] values;

    CodeCounts(long[] values) {
        this.values = values;
    }

    /** Pieces of code that are there, methods and stubs. */
    public long live() {
        return values[0];
    }

    /** Pieces of code that went and are remembered. */
    public long gone() {
        return values[1];
    }

    /** Methods and stubs that are named: compiled themselves, or inlined. */
    public long names() {
        return values[2];
    }

    /** Bytes in use. */
    public long bytes() {
        return values[3];
    }

    /** Bytes there may be in use, of address space; there are twice as many, since the oldest is forgotten by copying the rest. */
    public long capacity() {
        return values[4];
    }

    /** Code that went before this time of {@link System#nanoTime()} is no longer known; 0: nothing was forgotten yet. */
    public long forgottenBefore() {
        return values[5];
    }

    /** Pieces of code that there was no room for: they will never be found. Then open with more memory. */
    public long lost() {
        return values[6];
    }

    /** How often memory was full and the oldest was forgotten. */
    public long turns() {
        return values[7];
    }

    @Override
    public String toString() {
        return live() + " pieces of code, " + gone() + " gone, " + names() + " names, " + bytes() + " of " + capacity()
                + " bytes, " + lost() + " lost";
    }
}
