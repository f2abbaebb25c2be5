package org.mapfiles;

import java.util.EnumSet;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.Privileges;

/** The one place where an errno of the native core becomes an exception, with a message that says what to do. */
final class Exceptions {
    private static final String OUT_OF_NAMESPACE =
            ": run this in the user namespace of that process, or as root outside of it, or have the module allow it";

    private Exceptions() {
    }

    /**
     * What a negative errno means for a process, named for people such as {@code process 42}. Its pid in the proc file system at /proc,
     * or 0: not known to have one there.
     */
    static MapsException of(int errno, String process, int pid) {
        switch (errno) {
            case Errno.ESRCH:
                return new ProcessExitedException(process + " has ended");
            case Errno.ECHILD:
                return new ProcessExitedException(process + " is a zombie: it has ended, and its parent has not waited for it yet");
            case Errno.ENXIO:
                return new NotSupportedException(Missing.KERNEL_THREAD,
                        process + " is a kernel thread: it has no mappings, only programs have");
            case Errno.ENODEV:
                return new NotSupportedException(Missing.PROC,
                        "no proc file system is mounted at /proc: mount -t proc proc /proc");
            case Errno.ENOTTY:
                return new NotSupportedException(Missing.QUERY,
                        "this kernel has no PROCMAP_QUERY (Linux 6.11+): ask by Backend.TEXT");
            case Errno.EPERM:
                return refused(process, EnumSet.of(Reason.HIDDEN));
            case Errno.EACCES:
                return denied(process, pid);
            default:
                return Errno.isShortage(errno) ? shortage(errno, process)
                        : new MapsException("reading the mappings of " + process + " failed with " + Errno.name(errno));
        }
    }

    private static MapsException denied(String process, int pid) {
        int bits = pid <= 0 ? 0 : NativeCalls.denialReasons(pid);
        return Errno.isShortage(bits) ? shortage(bits, process) : refused(process, reasons(pid, bits));
    }

    private static MapsException shortage(int errno, String what) {
        switch (errno) {
            case Errno.EMFILE:
                return new MapsException("no file descriptor is left to open " + what + " with: raise ulimit -n, or close some");
            case Errno.ENFILE:
                return new MapsException("the system has no file descriptor left to open " + what + " with: raise fs.file-max");
            default:
                return new MapsException("the kernel has no memory left to open " + what + " with");
        }
    }

    private static EnumSet<Reason> reasons(int pid, int bits) {
        if (pid <= 0) {
            return EnumSet.of(Reason.UNKNOWN);
        }
        EnumSet<Reason> reasons = EnumSet.noneOf(Reason.class);
        for (Reason reason : new Reason[] {Reason.OTHER_USER, Reason.CAPABILITIES, Reason.NOT_DUMPABLE, Reason.POLICY,
            Reason.PTRACE_SCOPE}) {
            if (bits > 0 && (bits & 1 << reason.ordinal()) != 0) {
                reasons.add(reason);
            }
        }
        if (reasons.isEmpty()) {
            reasons.add(Reason.POLICY); // it has gone meanwhile, or its status is closed to us too
        }
        return reasons;
    }

    private static PermissionDeniedException refused(String process, EnumSet<Reason> reasons) {
        return new PermissionDeniedException("the kernel denies access to " + process + ": " + why(reasons, Privileges.ofCaller()), reasons);
    }

    /** What is missing and what to do, for a caller. A capability overrides all but policies, which are their owners' to change. */
    static String why(EnumSet<Reason> reasons, Privileges caller) {
        if (caller.has(Privileges.PTRACE)) {
            return whyInSpiteOfPtrace(reasons, caller);
        }
        String texts = texts(reasons, ", and ");
        if (caller.has(Privileges.ROOT)) {
            return texts + "; " + caller.toPtrace();
        }
        if (reasons.contains(Reason.POLICY)) {
            return texts + OUT_OF_NAMESPACE;
        }
        if (reasons.contains(Reason.HIDDEN) || reasons.contains(Reason.PTRACE_SCOPE)) {
            return texts + ", or " + caller.toPtrace(); // they name a remedy of their own
        }
        return texts + (reasons.equals(EnumSet.of(Reason.OTHER_USER)) ? ": run this as that user, or as root (CAP_SYS_PTRACE)"
                : ": " + caller.toPtrace());
    }

    private static String whyInSpiteOfPtrace(EnumSet<Reason> reasons, Privileges caller) {
        if (reasons.contains(Reason.OTHER_USER)) { // which that capability overrides, but for the permissions of files of /proc
            return texts(reasons, ", and ") + ": run this as that user, or with CAP_DAC_READ_SEARCH too";
        }
        if (caller.has(Privileges.USER_NAMESPACE)) {
            return texts(reasons, ", and ") + OUT_OF_NAMESPACE;
        }
        if (reasons.contains(Reason.HIDDEN) || reasons.contains(Reason.UNKNOWN)) {
            return texts(reasons, ", and ");
        }
        return "this process has CAP_SYS_PTRACE, so a security module (such as Landlock, AppArmor or SELinux) or another user namespace"
                + " seems to forbid it: run this outside of its sandbox, in the user namespace of that process, or have the module allow it";
    }

    private static String texts(EnumSet<Reason> reasons, String between) {
        StringBuilder texts = new StringBuilder();
        String separator = "";
        for (Reason reason : reasons) {
            texts.append(separator).append(reason.description());
            separator = between;
        }
        return texts.toString();
    }
}
