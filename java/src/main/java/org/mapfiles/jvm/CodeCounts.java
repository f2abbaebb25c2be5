package org.mapfiles.jvm;

/** Counts of the code that is recorded, and its memory: {@link JvmCode#counts()}. Immutable. */
public final class CodeCounts {
    private final long[] values;

    CodeCounts(long[] values) {
        this.values = values;
    }

    /** Returns the number of methods and stubs that are loaded. */
    public long live() {
        return values[0];
    }

    /** Returns the number of methods and stubs that are unloaded and still recorded. */
    public long unloaded() {
        return values[1];
    }

    /** Returns the number of names: of methods that are compiled or inlined, and of stubs. */
    public long names() {
        return values[2];
    }

    /** Returns the memory in use, in bytes. */
    public long bytes() {
        return values[3];
    }

    /** Returns the maximum of {@link #bytes}. Twice as much address space is reserved, because a compaction copies the recorded code. */
    public long capacity() {
        return values[4];
    }

    /** Returns the {@link System#nanoTime()} before which code that was unloaded may be evicted; 0: no code was evicted. */
    public long evictedBefore() {
        return values[5];
    }

    /**
     * Returns the number of methods and stubs that were not recorded: memory was full, or they are outside the code cache. Open with more
     * memory if it is above 0.
     */
    public long lost() {
        return values[6];
    }

    /** Returns how often memory was full and was compacted, which evicts the code that was unloaded first. */
    public long compactions() {
        return values[7];
    }

    @Override
    public String toString() {
        return live() + " pieces of code, " + unloaded() + " unloaded, " + names() + " names, " + bytes() + " of " + capacity()
                + " bytes, " + lost() + " lost";
    }
}
