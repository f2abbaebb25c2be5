package org.mapfiles.events;

import java.util.EnumSet;
import java.util.stream.Collectors;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.RootAccess;

/** Makes the exception for an errno of a stream of events. The message contains the cause and the remedy. */
final class EventsExceptions {
    private EventsExceptions() {}

    /**
     * Returns the exception for a negative errno of opening a stream.
     *
     * @param process for the message, such as {@code process 42}
     * @param pid in the proc file system at /proc
     * @param descriptors number of descriptors that the stream needs
     */
    static MapsException ofStream(int errno, String process, int pid, long descriptors) {
        switch (errno) {
            case Errno.EPERM:
                return denied(process, perfReasons());
            case Errno.ENOSYS:
                EnumSet<Reason> reasons = perfReasons();
                return reasons.contains(Reason.SECCOMP)
                        ? denied(process, reasons)
                        : new NotSupportedException(
                                Missing.EVENTS, "this kernel has no perf events: use a kernel with CONFIG_PERF_EVENTS");
            case Errno.EDQUOT:
                return denied(process, EnumSet.of(Reason.LOCKED_MEMORY));
            case Errno.EXDEV:
                return new NotSupportedException(
                        Missing.PID_NAMESPACE,
                        process + " was opened in a proc file system of another pid namespace: "
                                + "open it in /proc of this one to watch it");
            case Errno.EMFILE:
                return new MapsException("watching " + process + " takes " + descriptors
                        + " file descriptors, one for each thread and" + " CPU: raise ulimit -n, or close some");
            case Errno.ENFILE:
                return new MapsException(
                        "watching " + process + " takes " + descriptors + " file descriptors, one for each thread and"
                                + " CPU, and the system has fewer left: raise fs.file-max");
            case Errno.ENOTSUP:
                return new NotSupportedException(
                        Missing.TIME_NAMESPACE,
                        "this process has called unshare(CLONE_NEWTIME) in a time namespace,"
                                + " so the difference between its clock and the clock of events is unknown: run this in a child process");
            case Errno.EAGAIN:
                return new MapsException(process
                        + " starts and ends threads faster than they can be listed: another attempt may succeed");
            case Errno.ENOMEM:
                return new MapsException("the kernel has no memory for the events of " + process
                        + " (perf_event_open): use smaller rings");
            default:
                return ofProcess(errno, process, pid);
        }
    }

    private static EnumSet<Reason> perfReasons() {
        int bits = Math.max(NativeCalls.eventsDenialReasons(), 0);
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

    private static PermissionDeniedException denied(String process, EnumSet<Reason> reasons) {
        return new PermissionDeniedException(
                "the kernel denies events of " + process + " (perf_event_open): " + texts(reasons), reasons);
    }

    private static String texts(EnumSet<Reason> reasons) {
        return reasons.stream().map(Reason::description).collect(Collectors.joining("; "));
    }

    /** Returns the exception for a negative errno that is about the process. */
    static MapsException ofProcess(int errno, String process, int pidAtProc) {
        return (MapsException) RootAccess.get().failure(errno, process, pidAtProc);
    }
}
