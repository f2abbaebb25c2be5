package org.mapfiles.jvm;

/** Whether a process can respond to requests. */
public enum RunState {
    /** The process runs or waits. */
    RUNNING,
    /** The process is stopped by a signal (SIGSTOP, SIGTSTP) or a debugger. */
    STOPPED,
    /** The control group of the process is frozen. */
    FROZEN,
    /** The state is unknown: the kernel does not report it. */
    UNKNOWN
}
