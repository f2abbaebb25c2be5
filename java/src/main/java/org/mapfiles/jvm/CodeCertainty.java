package org.mapfiles.jvm;

/** How certain a result of {@link JvmCode} is. */
public enum CodeCertainty {
    /** At that time the JVM had reported that this code was loaded, and had not reported that it was unloaded. */
    RECORDED,
    /**
     * The JVM reported this code after the requested time, and no code at the address before. The JVM reports code shortly after it can
     * run, and existing code when recording starts. Probably this code ran at that time already.
     */
    RECORDED_LATER,
    /** The JVM has reported no code that covers the address at that time. */
    NONE,
    /** The time is so early that code at the address may have been evicted: memory is bounded. */
    EVICTED
}
