package org.mapfiles;

import java.util.EnumSet;
import org.mapfiles.AccessRefusedException.Reason;
import org.mapfiles.NotSupportedException.Missing;

/** The one place where an errno of the native core becomes an exception, with a message that says what to do. */
final class Failures {
    private static final String OUT_OF_NAMESPACE =
            ": run this in the user namespace of that process, or as root outside of it, or have the module allow it";

    private Failures() {
    }

    /**
     * What a negative errno means for a process, named for people such as {@code process 42}. Its pid in the proc file system at /proc,
     * or 0: not known to have one there.
     */
    static MapsException of(int errno, String process, int pid) {
        switch (errno) {
            case Errno.ESRCH:
                return new ProcessGoneException(process + " has ended");
            case Errno.ECHILD:
                return new ProcessGoneException(process + " is a zombie: it has ended, and its parent has not waited for it yet");
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
        int bits = pid <= 0 ? 0 : NativeCalls.refusalReasons(pid);
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

    /** A part of a process is denied, such as its map_files, although its maps are not: reading these takes less. */
    static MapsException ofDenied(String part, int pid) {
        return denied(part, pid);
    }

    /** What a negative errno means for the entry or the file of a mapping, named for people. */
    static MapsException ofEntry(int errno, String mapping) {
        switch (errno) {
            case Errno.ESTALE:
                return new StaleMappingException("the process does not have this mapping any more, or shows another file in it: "
                        + mapping + ": read a new snapshot");
            case Errno.EPERM:
                return notFollowed(", and no path leads to the file: " + mapping);
            case Errno.EACCES:
                return new AccessRefusedException("this user may not open the file: its permissions, those of a directory on the way,"
                        + " its attributes (lsattr) or its file system (FUSE) forbid it: " + mapping, EnumSet.of(Reason.POLICY));
            case Errno.EUNATCH:
                return new NotSupportedException(Missing.OPENING, "what is mapped cannot be opened: a ring of perf or io_uring, a socket, a"
                        + " buffer of devices, or no driver is behind it: " + mapping);
            case Errno.EBADF:
                return new AccessRefusedException("the process opened the file for reading only: " + mapping,
                        EnumSet.of(Reason.READ_ONLY));
            case Errno.EIDRM:
                return new NotVerifiedException("nothing, or another file, stands at the path of " + mapping + throughEntry(), true);
            case Errno.EREMCHG:
                return new NotVerifiedException("overlayfs made a copy of the file when it was opened for writing, and its path leads to"
                        + " that copy; nothing leads to the file that is still mapped: " + mapping
                        + ": ProcessMaps.readMemory() reads the bytes that are mapped", true);
            case Errno.EAGAIN:
                return new AccessRefusedException("another process has a lease on the file (fcntl F_SETLEASE), and was asked to give it"
                        + " up: " + mapping + ": try again", EnumSet.of(Reason.LEASE));
            case Errno.ETXTBSY:
                return new MapsException("the file runs as a program, and cannot be opened for writing: " + mapping);
            case Errno.EROFS:
                return new MapsException("the file is on a read-only mount: " + mapping);
            case Errno.EIO:
                return new MapsException("the file system failed to open or read the file: " + mapping);
            case Errno.ENODATA:
                return new NotVerifiedException("nothing proves that the file at its path is that of " + mapping
                        + ": openUnverified() takes it all the same", false);
            case Errno.ENAMETOOLONG:
                return new NotSupportedException(Missing.LONG_PATHS,
                        "the path has 4,096 bytes or more, which no system call takes: " + mapping + throughEntry());
            case Errno.ENOTSUP:
                return new NotSupportedException(Missing.MAP_FILES,
                        "no /proc/pid/map_files here (Linux 4.3+; some sandboxes have none):"
                        + " files that have a path can be opened all the same");
            case Errno.ENODEV:
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.ENXIO:
                return of(errno, "the process of " + mapping, 0);
            default:
                return Errno.isShortage(errno) ? shortage(errno, mapping)
                        : new MapsException("opening the file of " + mapping + " failed with " + Errno.name(errno));
        }
    }

    /** Why the calling thread may not follow entries of map_files. */
    static MapsException ofFollowing(int errno) {
        return errno == Errno.EPERM ? notFollowed("") : ofEntry(errno, "this process");
    }

    private static AccessRefusedException notFollowed(String more) {
        return new AccessRefusedException("following an entry of map_files takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the"
                + " initial user namespace" + more + ": " + Privileges.ofCaller().toFollow(), EnumSet.of(Reason.CHECKPOINT_RESTORE));
    }

    /** Goes on a sentence about a file that was not found by its path: for callers that may not follow entries. */
    private static String throughEntry() {
        Privileges caller = Privileges.ofCaller();
        return caller.mayFollow() ? "" : ": its entry of map_files leads to it, and takes CAP_CHECKPOINT_RESTORE: " + caller.toFollow();
    }

    /** What a negative errno means for a stream of events of a process, which took or would take so many descriptors. */
    static MapsException ofStream(int errno, String process, int pid, long descriptors) {
        switch (errno) {
            case Errno.EPERM:
                return noStream(process, perfReasons());
            case Errno.ENOSYS:
                EnumSet<Reason> reasons = perfReasons();
                return reasons.contains(Reason.SECCOMP) ? noStream(process, reasons)
                        : new NotSupportedException(Missing.EVENTS,
                                "this kernel has no perf events (CONFIG_PERF_EVENTS)");
            case Errno.EDQUOT:
                return noStream(process, EnumSet.of(Reason.LOCKED_MEMORY));
            case Errno.EXDEV:
                return new NotSupportedException(Missing.PID_NAMESPACE, process + " was opened in a proc file system of another pid namespace: "
                        + "open it in /proc of this one to watch it");
            case Errno.EMFILE:
                return new MapsException("watching " + process + " takes " + descriptors + " file descriptors, one for each thread and"
                        + " CPU: raise ulimit -n, or close some");
            case Errno.ENFILE:
                return new MapsException("watching " + process + " takes " + descriptors + " file descriptors, one for each thread and"
                        + " CPU, and the system has fewer left: raise fs.file-max");
            case Errno.ENOTSUP:
                return new NotSupportedException(Missing.TIME_NAMESPACE, "this process has called unshare(CLONE_NEWTIME) in a time namespace:"
                        + " the kernel then hides by how much its clock differs from that of events; run it as a child of the process that did");
            case Errno.EAGAIN:
                return new MapsException(process + " makes and ends threads faster than they can be listed: another attempt may succeed");
            case Errno.ENOMEM:
                return new MapsException("the kernel has no memory for the events of " + process + " (perf_event_open)");
            default:
                return of(errno, process, pid);
        }
    }

    /** What the JVM's lack of memory means for something of a process, named for people. */
    static NotEnoughMemoryException noMemory(String what, OutOfMemoryError cause) {
        if (cause instanceof NativeMemory.TooLarge) {
            return new NotEnoughMemoryException(what + " does not fit into one buffer (" + cause.getMessage()
                    + "): read fewer mappings by a MapFilter, or all of them by ProcessMaps.parts()", cause);
        }
        if (String.valueOf(cause.getMessage()).contains("native thread")) { // Thread.start()
            return new NotEnoughMemoryException("this JVM cannot start a thread for " + what + " (" + cause.getMessage()
                    + "): raise ulimit -u, or pids.max of the control group", cause);
        }
        return new NotEnoughMemoryException("this JVM has not enough memory for " + what + " (" + cause.getMessage()
                + "): raise -XX:MaxDirectMemorySize, or -Xmx for the heap", cause);
    }

    private static EnumSet<Reason> perfReasons() {
        int bits = Math.max(NativeCalls.eventsRefusalReasons(), 0);
        EnumSet<Reason> reasons = EnumSet.noneOf(Reason.class);
        if ((bits & 1) != 0) {
            reasons.add(Reason.PERF_EVENT_PARANOID);
        }
        if ((bits & 1 << 1) != 0) {
            reasons.add(Reason.SECCOMP);
        }
        if (reasons.isEmpty()) {
            reasons.add(Reason.POLICY);
        }
        return reasons;
    }

    private static AccessRefusedException noStream(String process, EnumSet<Reason> reasons) {
        return new AccessRefusedException("the kernel refuses to tell of changes of " + process + " (perf_event_open): "
                + texts(reasons, "; "), reasons);
    }

    private static EnumSet<Reason> reasons(int pid, int bits) {
        if (pid <= 0) {
            return EnumSet.of(Reason.NOT_KNOWN);
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

    private static AccessRefusedException refused(String process, EnumSet<Reason> reasons) {
        return new AccessRefusedException("the kernel refuses a look at " + process + ": " + why(reasons, Privileges.ofCaller()), reasons);
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
        if (reasons.contains(Reason.HIDDEN) || reasons.contains(Reason.NOT_KNOWN)) {
            return texts(reasons, ", and ");
        }
        return "a security module (such as Landlock, AppArmor or SELinux) forbids it:" // all namespaces are below the initial one
                + " run this outside of its sandbox, or have the module allow it";
    }

    private static String texts(EnumSet<Reason> reasons, String between) {
        StringBuilder texts = new StringBuilder();
        String separator = "";
        for (Reason reason : reasons) {
            texts.append(separator).append(reason.text());
            separator = between;
        }
        return texts.toString();
    }
}
