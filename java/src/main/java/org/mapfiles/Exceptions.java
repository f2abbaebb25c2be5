package org.mapfiles;

import java.util.EnumSet;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.Privileges;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * Makes exceptions whose message contains the cause and the remedy. The methods return a superclass, which every use of
 * the library loads: the verifier loads the class of an exception together with the class that throws it.
 */
final class Exceptions {
    private static final String OUT_OF_NAMESPACE =
            ": run this in the user namespace of that process, or as root outside of it, or allow the access in the security module";

    private Exceptions() {}

    /**
     * Returns the exception for a negative errno.
     *
     * @param process for the message, such as {@code process 42}
     * @param pid in the proc file system at /proc; 0: unknown
     */
    static MapsException of(int errno, String process, int pid) {
        switch (errno) {
            case Errno.ESRCH:
                return new ProcessExitedException(process + " has exited");
            case Errno.ECHILD:
                return new ProcessExitedException(
                        process + " is a zombie: it has exited, and its parent has not waited for it yet");
            case Errno.ENXIO:
                return new NotSupportedException(
                        Missing.KERNEL_THREAD,
                        process + " is a kernel thread, which has no mappings: give the PID of a program");
            case Errno.ENODEV:
                return new NotSupportedException(
                        Missing.PROC, "no proc file system is mounted at /proc: mount -t proc proc /proc");
            case Errno.ENOTTY:
                return new NotSupportedException(
                        Missing.QUERY, "this kernel has no PROCMAP_QUERY (Linux 6.11+): use Backend.TEXT");
            case Errno.EPERM:
                return permissionDenied(process, EnumSet.of(Reason.HIDDEN));
            case Errno.EACCES:
                return denied(process, pid);
            default:
                return Errno.isShortage(errno)
                        ? shortage(errno, process)
                        : new MapsException("reading the mappings of " + process + " failed with " + Errno.name(errno));
        }
    }

    /** @param name of a process that is not there, such as {@code process 42} */
    static MapsException noProcess(String name) {
        return new ProcessExitedException("there is no " + name + ", or it has exited");
    }

    static MapsException otherProgram(String process) {
        return new ProcessExitedException(process + " called execve(2) during the read: read it again");
    }

    /** Returns a {@link NotEnoughMemoryException}. */
    static MapsException notEnoughMemory(String use, OutOfMemoryError cause) {
        return new NotEnoughMemoryException(use, cause);
    }

    /** As {@link MalformedMapsException#of}. */
    static MapsException malformed(SnapshotBuffer parsed, int textLength) {
        return MalformedMapsException.of(parsed, textLength);
    }

    private static MapsException denied(String process, int pid) {
        int bits = pid <= 0 ? 0 : NativeCalls.denialReasons(pid);
        return Errno.isShortage(bits) ? shortage(bits, process) : permissionDenied(process, reasons(pid, bits));
    }

    /** Descriptors or memory are used up. Callers that keep results must not keep this one. */
    static final class ShortageException extends MapsException {
        private static final long serialVersionUID = 1;

        ShortageException(String message) {
            super(message);
        }
    }

    private static MapsException shortage(int errno, String process) {
        switch (errno) {
            case Errno.EMFILE:
                return new ShortageException(
                        "opening " + process + " failed, since this process has no free file descriptor:"
                                + " raise ulimit -n, or close some");
            case Errno.ENFILE:
                return new ShortageException("opening " + process
                        + " failed, since the system has no free file descriptor: raise fs.file-max");
            default:
                return new ShortageException("opening " + process + " failed, since the kernel has no free memory:"
                        + " end other programs, or add memory");
        }
    }

    private static EnumSet<Reason> reasons(int pid, int bits) {
        if (pid <= 0) {
            return EnumSet.of(Reason.UNKNOWN);
        }
        EnumSet<Reason> reasons = EnumSet.noneOf(Reason.class);
        for (Reason reason : new Reason[] {
            Reason.OTHER_USER, Reason.CAPABILITIES, Reason.NOT_DUMPABLE, Reason.POLICY, Reason.PTRACE_SCOPE
        }) {
            if (bits > 0 && (bits & 1 << reason.ordinal()) != 0) {
                reasons.add(reason);
            }
        }
        if (reasons.isEmpty()) {
            reasons.add(Reason.POLICY); // the process has exited meanwhile, or its status is not readable either
        }
        return reasons;
    }

    private static PermissionDeniedException permissionDenied(String process, EnumSet<Reason> reasons) {
        return new PermissionDeniedException(
                "the kernel denies access to " + process + ": " + why(reasons, Privileges.ofCaller()), reasons);
    }

    /**
     * Returns the missing permission and the remedy for a caller. CAP_SYS_PTRACE overrides all reasons but policies.
     */
    static String why(EnumSet<Reason> reasons, Privileges caller) {
        if (caller.has(Privileges.PTRACE)) {
            return whyWithPtrace(reasons, caller);
        }
        String texts = texts(reasons, ", and ");
        if (caller.has(Privileges.ROOT)) {
            return texts + "; " + caller.toPtrace();
        }
        if (reasons.contains(Reason.POLICY)) {
            return texts + OUT_OF_NAMESPACE;
        }
        if (reasons.contains(Reason.HIDDEN) || reasons.contains(Reason.PTRACE_SCOPE)) {
            return texts + ", or " + caller.toPtrace(); // the descriptions of these reasons name another remedy
        }
        return texts
                + (reasons.equals(EnumSet.of(Reason.OTHER_USER))
                        ? ": run this as that user, or as root (CAP_SYS_PTRACE)"
                        : ": " + caller.toPtrace());
    }

    private static String whyWithPtrace(EnumSet<Reason> reasons, Privileges caller) {
        // CAP_SYS_PTRACE does not override the permissions of files in /proc
        if (reasons.contains(Reason.OTHER_USER)) {
            return texts(reasons, ", and ") + ": run this as that user, or with CAP_DAC_READ_SEARCH too";
        }
        if (caller.has(Privileges.USER_NAMESPACE)) {
            return texts(reasons, ", and ") + OUT_OF_NAMESPACE;
        }
        if (reasons.contains(Reason.HIDDEN) || reasons.contains(Reason.UNKNOWN)) {
            return texts(reasons, ", and ");
        }
        return "the caller has CAP_SYS_PTRACE, so a security module (such as Landlock, AppArmor or SELinux) or another user namespace"
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
