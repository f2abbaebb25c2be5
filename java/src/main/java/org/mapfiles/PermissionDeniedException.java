package org.mapfiles;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** Thrown if the kernel denies access to a process or a file. {@link #reasons()} returns the missing permissions. */
public final class PermissionDeniedException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Why the kernel denies access. See ptrace(2), "Ptrace access mode checking". */
    public enum Reason {
        /** The target has another uid or gid: run as that user, or with CAP_SYS_PTRACE. */
        OTHER_USER("it runs as another user or group"),
        /** The target has capabilities that this process lacks: have them too, or CAP_SYS_PTRACE. */
        CAPABILITIES("it has capabilities that this process lacks"),
        /** The target is not dumpable (set-user-ID program, prctl(2)): have CAP_SYS_PTRACE. */
        NOT_DUMPABLE("it is not dumpable (a set-user-ID program, or prctl PR_SET_DUMPABLE)"),
        /**
         * None of the above. A security module (AppArmor, SELinux, Landlock) or another user namespace is the likely
         * cause.
         */
        POLICY("a security module or another user namespace seems to deny it"),
        /**
         * Yama (kernel.yama.ptrace_scope) denies access to memory, not to mappings, to all but the parents of the
         * target.
         */
        PTRACE_SCOPE("kernel.yama.ptrace_scope denies access to its memory to all but its parents:"
                + " sysctl -w kernel.yama.ptrace_scope=0"),
        /** The proc file system is mounted with hidepid, which hides processes of other users. */
        HIDDEN("/proc is mounted with hidepid: be in the group of its gid option"),
        /** Following a map_files entry needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. */
        CHECKPOINT_RESTORE("following a map_files entry needs CAP_CHECKPOINT_RESTORE"),
        /** The target opened the file read-only. */
        READ_ONLY("the process opened the file read-only"),
        /** kernel.perf_event_paranoid is above 2: perf_event_open(2) needs CAP_PERFMON. */
        PERF_EVENT_PARANOID(
                "kernel.perf_event_paranoid is above 2: lower it, or have CAP_PERFMON outside of any user namespace"),
        /** A system call filter (seccomp), such as that of a container, denies perf_event_open(2). */
        SECCOMP(
                "a system call filter (seccomp) denies perf_event_open: allow it, for containers in their seccomp profile"),
        /** The limit of locked memory is reached: the rings of events are locked. */
        LOCKED_MEMORY(
                "the limit of locked memory is reached: raise kernel.perf_event_mlock_kb or ulimit -l, use smaller rings,"
                        + " or have CAP_IPC_LOCK"),
        /**
         * Another process has a lease on the file (fcntl(2), F_SETLEASE). The kernel has requested its release: try
         * again.
         */
        LEASE("another process has a lease on the file"),
        /** The reason is unknown: the process was opened in another proc file system than the one at /proc. */
        UNKNOWN("the reason is unknown, because the process was opened in another proc file system than /proc");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /**
         * Returns the missing permission as a phrase for a message, with its own remedy if it has one.
         *
         * @return a phrase
         */
        public String description() {
            return text;
        }
    }

    /** Why the kernel denies access; not empty. */
    private final EnumSet<Reason> reasons;

    /**
     * Makes the exception.
     *
     * @param message the cause and the remedy
     * @param reasons why the kernel denies access; copied
     * @throws IllegalArgumentException if there is no reason
     */
    public PermissionDeniedException(String message, Set<Reason> reasons) {
        super(Objects.requireNonNull(message, "message"));
        this.reasons = EnumSet.copyOf(Objects.requireNonNull(reasons, "reasons"));
    }

    /**
     * Returns why the kernel denies access.
     *
     * @return at least one reason; unmodifiable
     */
    public Set<Reason> reasons() {
        return Collections.unmodifiableSet(reasons);
    }
}
