package org.mapfiles.files;

import java.lang.ref.Reference;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;

/**
 * Native calls for the files of one process. The caller keeps the memory behind each address reachable. The address of a mapping is
 * that of a {@link NativeMapping}. Results are those of {@link NativeCalls}.
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
        Reference.reachabilityFence(maps); // otherwise the cleaner may close the descriptors during the call
    }

    /** Returns the exception for a negative errno of the process. */
    MapsException failure(int errno) {
        return failure(errno, "process " + maps.pid());
    }

    private MapsException failure(int errno, String what) {
        return FileExceptions.ofProcess(errno, what, RootAccess.get().pidAtProc(maps));
    }

    /** Returns the exception for map_files that may not be listed. Reading maps needs less permission: CAP_PERFMON (Linux 6.13+). */
    MapsException deniedMapFiles() {
        return failure(Errno.EACCES, "map_files of process " + maps.pid());
    }

    MapsException deniedEntry(String mapping) {
        return failure(Errno.EACCES, "the map_files entry, which is the only way to open the file: " + mapping);
    }

    /**
     * Throws the exception for the result of a call about one mapping, if that is an error.
     *
     * @throws IllegalArgumentException if the mapping has no file, or no device and inode
     */
    void check(int rc, Mapping mapping) throws MapsException {
        switch (rc) {
            case Errno.ENOENT:
                throw new IllegalArgumentException("the mapping has no file: " + mapping);
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.ENXIO:
            case Errno.EACCES:
                throw failure(rc);
            case Errno.EPERM:
                throw listAccess() == Errno.EACCES ? deniedEntry(mapping.toString())
                        : FileExceptions.ofEntry(rc, mapping.toString());
            default:
                if (rc == Errno.EINVAL && mapping.inode() == 0 && mapping.deviceMajor() == 0 && mapping.deviceMinor() == 0) {
                    throw new IllegalArgumentException("the mapping has a build ID, but no device and inode: call ProcessMaps.query() for"
                            + " its start and pass the result: " + mapping);
                }
                if (rc < 0) {
                    throw FileExceptions.ofEntry(rc, mapping.toString());
                }
        }
    }
}
