package org.mapfiles.resident;

import java.lang.ref.Reference;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.NotSupportedException.Missing;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;

/** Native calls for the pages of a process. Results are those of {@link NativeCalls}. */
final class PageCalls {
    private PageCalls() {}

    static int readPages(
            ProcessMaps maps, NativeMemory snapshot, NativeMemory walk, NativeMemory out, long offset, int capacity) {
        OpenProcess process = RootAccess.get().process(maps);
        long opened = process.enter();
        try {
            return NativeCalls.residentRead(
                    opened, snapshot.address(), walk.address(), out.address() + offset, capacity);
        } finally {
            snapshot.keepUntilHere();
            walk.keepUntilHere();
            leave(maps, process, out);
        }
    }

    static int readSmaps(ProcessMaps maps, NativeMemory out, int capacity) {
        OpenProcess process = RootAccess.get().process(maps);
        long opened = process.enter();
        try {
            return NativeCalls.smapsRead(opened, out.address(), capacity);
        } finally {
            leave(maps, process, out);
        }
    }

    static int readTotal(ProcessMaps maps, NativeMemory out) {
        OpenProcess process = RootAccess.get().process(maps);
        long opened = process.enter();
        try {
            return NativeCalls.smapsTotal(opened, out.address());
        } finally {
            leave(maps, process, out);
        }
    }

    private static void leave(ProcessMaps maps, OpenProcess process, NativeMemory out) {
        process.leave();
        out.keepUntilHere();
        Reference.reachabilityFence(maps); // otherwise the cleaner may close the descriptors during the call
    }

    /** Returns the exception for a negative errno. */
    static MapsException failure(int errno, ProcessMaps maps, String file) {
        if (errno == Errno.ENOTSUP) {
            return new NotSupportedException(
                    Missing.PAGES,
                    "there is no " + file + " of process " + maps.pid()
                            + ": the kernel is built without it, or a sandbox does not provide it");
        }
        return (MapsException) RootAccess.get().failure(errno, maps);
    }
}
