package org.mapfiles.files;

import java.lang.ref.Reference;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;

/**
 * Native calls about the files of one process. Addresses are of memory that the caller keeps reachable; those of a mapping are of a
 * {@link NativeMapping}. Results are those of {@link NativeCalls}.
 */
final class FileCalls {
    private final ProcessMaps maps;
    private final OpenProcess process;

    FileCalls(ProcessMaps maps) {
        this.maps = maps;
        process = RootAccess.get().process(maps);
    }

    int deletion(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.deletion(opened, mapping, mapping + QueryResult.NAME);
        } finally {
            leave();
        }
    }

    int listAccess() {
        long opened = process.enter();
        try {
            return NativeCalls.entriesListAccess(opened);
        } finally {
            leave();
        }
    }

    int readEntry(long mapping, long name, int what, long entry, long target) {
        long opened = process.enter();
        try {
            return NativeCalls.entryRead(opened, mapping, name, what, entry, target);
        } finally {
            leave();
        }
    }

    int readEntries(long snapshot, int what, long entries) {
        long opened = process.enter();
        try {
            return NativeCalls.entriesRead(opened, snapshot, what, entries);
        } finally {
            leave();
        }
    }

    int state(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileState(opened, mapping, mapping + QueryResult.NAME);
        } finally {
            leave();
        }
    }

    long open(long mapping, int how) {
        long opened = process.enter();
        try {
            return NativeCalls.fileOpen(opened, mapping, mapping + QueryResult.NAME, how);
        } finally {
            leave();
        }
    }

    int quickVerify(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileQuickVerify(opened, mapping, mapping + QueryResult.NAME);
        } finally {
            leave();
        }
    }

    long sharingDomain(long mapping) {
        long opened = process.enter();
        try {
            return NativeCalls.fileSharingDomain(opened, mapping, mapping + QueryResult.NAME);
        } finally {
            leave();
        }
    }

    int verify(long mapping, int descriptor) {
        long opened = process.enter();
        try {
            return NativeCalls.fileVerify(opened, mapping, descriptor);
        } finally {
            leave();
        }
    }

    private void leave() {
        process.leave();
        Reference.reachabilityFence(maps); // else the cleaner may close what this call is using
    }

    /** What a negative errno means for the process. */
    MapsException failure(int errno) {
        return failure(errno, "process " + maps.pid());
    }

    private MapsException failure(int errno, String what) {
        return FileExceptions.ofProcess(errno, what, RootAccess.get().pidAtProc(maps));
    }

    /** The map_files of the process are denied, although its maps are not: reading these takes less. */
    MapsException deniedMapFiles() {
        return failure(Errno.EACCES, "map_files of process " + maps.pid());
    }

    MapsException deniedEntry(String mapping) {
        return failure(Errno.EACCES, "the entry of map_files, without which the file cannot be opened: " + mapping);
    }
}
