package org.mapfiles;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** The kernel does not let this process look at the other one. {@link #reasons()} tells what is missing. */
public final class PermissionDeniedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** What stood in the way, as far as the kernel's rules for ptrace(2) tell. */
    public enum Reason {
        /** The process has another user or group: run as that user, or with CAP_SYS_PTRACE. */
        OTHER_USER("it runs as another user or group"),
        /** The process has capabilities that this one lacks. */
        CAPABILITIES("it has capabilities that this process lacks"),
        /** The process is not dumpable: a set-user-ID program, or it asked for that with prctl(2). */
        NOT_DUMPABLE("it is not dumpable (a set-user-ID program, or prctl PR_SET_DUMPABLE)"),
        /** None of the above. A security module (AppArmor, SELinux, Landlock) or another user namespace is the likely cause. */
        POLICY("a security module or another user namespace seems to forbid it"),
        /** Yama (kernel.yama.ptrace_scope): its memory is for its parents alone. Its mappings are for all others too. */
        PTRACE_SCOPE("kernel.yama.ptrace_scope keeps its memory from all but its parents:"
                + " sysctl -w kernel.yama.ptrace_scope=0"),
        /** The proc file system is mounted with hidepid, which hides other users' processes. */
        HIDDEN("/proc is mounted with hidepid: be in the group of its gid option"),
        /** Following an entry of map_files takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. */
        CHECKPOINT_RESTORE("following an entry of map_files takes CAP_CHECKPOINT_RESTORE"),
        /** The process itself opened the file for reading only. */
        READ_ONLY("the process opened the file for reading only"),
        /** perf_event_open(2) is for the privileged alone here: kernel.perf_event_paranoid is above 2. */
        PERF_EVENT_PARANOID("kernel.perf_event_paranoid is above 2: lower it, or have CAP_PERFMON outside of any user namespace"),
        /** A filter of system calls, as containers have it, forbids perf_event_open(2). */
        SECCOMP("a filter of system calls (seccomp) forbids perf_event_open: allow it, for containers in their seccomp profile"),
        /** No more memory may be locked: rings of events are. */
        LOCKED_MEMORY("no more memory may be locked for rings: raise kernel.perf_event_mlock_kb or ulimit -l, take smaller rings,"
                + " or have CAP_IPC_LOCK"),
        /** Another process has a lease on the file (fcntl(2), F_SETLEASE). The kernel has asked it to give that up: try again. */
        LEASE("another process has a lease on the file"),
        /** Not known: the process was opened by its directory, which is not that of its number in the proc file system at /proc. */
        UNKNOWN("why is not known of one that was opened in another proc file system than /proc");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /** Returns what is missing and what to do about it, as a phrase for a message. */
        public String description() {
            return text;
        }
    }

    private final EnumSet<Reason> reasons;

    /**
     * Makes the exception.
     *
     * @throws IllegalArgumentException if there is no reason
     */
    public PermissionDeniedException(String message, Set<Reason> reasons) {
        super(Objects.requireNonNull(message, "message"));
        this.reasons = EnumSet.copyOf(Objects.requireNonNull(reasons, "reasons"));
    }

    /** What stood in the way; at least one reason. The set cannot be changed. */
    public Set<Reason> reasons() {
        return Collections.unmodifiableSet(reasons);
    }
}
