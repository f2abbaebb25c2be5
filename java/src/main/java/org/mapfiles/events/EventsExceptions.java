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

/** What a negative errno of the native core means for a stream of events. */
final class EventsExceptions {
    private EventsExceptions() {
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

    private static PermissionDeniedException noStream(String process, EnumSet<Reason> reasons) {
        return new PermissionDeniedException("the kernel refuses to tell of changes of " + process + " (perf_event_open): "
                + texts(reasons), reasons);
    }

    private static String texts(EnumSet<Reason> reasons) {
        return reasons.stream().map(Reason::description).collect(Collectors.joining("; "));
    }

    /** What a negative errno means for a process. */
    static MapsException ofProcess(int errno, String process, int pidAtProc) {
        return (MapsException) RootAccess.get().failure(errno, process, pidAtProc);
    }
}
