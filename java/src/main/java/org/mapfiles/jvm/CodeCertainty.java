package org.mapfiles.jvm;

/** How sure an answer of {@link JvmCode} is. */
public enum CodeCertainty {
    /** The JVM had told that this code is there, and not yet that it went. */
    RECORDED,
    /**
     * The JVM told of this code after the time asked for, and of nothing else that was there then. It tells shortly after code
     * can run, and of all that was there before it was asked: most likely this code ran already.
     */
    RECORDED_LATER,
    /** No code that the JVM told of. */
    NONE,
    /** What was there then, if anything, is no longer known: memory is bounded. */
    FORGOTTEN
}
