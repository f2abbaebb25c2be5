package org.mapfiles.timeline;

/** The process of a timeline: that of its first record. */
final class TimelineProcess {
    /** The PID in /proc; 0: unknown. */
    private int pidAtProc;

    /**
     * Checks a process that a caller passes.
     *
     * @param other its PID in /proc; 0: unknown
     * @throws IllegalArgumentException if it is known to be another process
     */
    synchronized void check(int other) {
        if (pidAtProc > 0 && other > 0 && other != pidAtProc) {
            throw new IllegalArgumentException("this timeline has records of process " + pidAtProc + ", not of process "
                    + other + ": make a timeline for each process");
        }
    }

    /**
     * Sets the process, if it is unknown.
     *
     * @throws IllegalArgumentException as {@link #check}
     */
    synchronized void set(int other) {
        check(other);
        if (pidAtProc == 0) {
            pidAtProc = other;
        }
    }
}
