package org.mapfiles.jvm;

/** Whether a process can answer requests. */
public enum RunState {
    /** It runs, or waits for something. */
    RUNNING,
    /** It is stopped by a signal (SIGSTOP, SIGTSTP, ...) or a debugger. */
    STOPPED,
    /** Its control group is frozen. */
    FROZEN,
    /** The kernel does not report it. */
    UNKNOWN
}
