package org.mapfiles.files;

import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.ProcessCall;
import org.mapfiles.internal.RootAccess;

/**
 * Native calls for the files of one process. The caller keeps the memory behind each address reachable. Results are
 * those of {@link NativeCalls}.
 */
final class FileCalls {
    private final ProcessMaps maps;
    private final ProcessCall calls;
    private final MappingCopies copies;

    FileCalls(ProcessMaps maps) {
        this.maps = maps;
        calls = new ProcessCall(RootAccess.get().process(maps), maps);
        copies = new MappingCopies("a mapping of process " + maps.pid());
    }

    int deletion(Mapping mapping) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.deletion(call.process(), copy.address(), copy.address() + QueryResult.NAME);
        } finally {
            copies.giveBack(copy);
        }
    }

    int listAccess() {
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.entriesListAccess(call.process());
        }
    }

    int readEntry(long mapping, long name, int fields, long entry, long target) {
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.entryRead(call.process(), mapping, name, fields, entry, target);
        }
    }

    int readEntries(long snapshot, int fields, long entries) {
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.entriesRead(call.process(), snapshot, fields, entries);
        }
    }

    int state(Mapping mapping) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.fileState(call.process(), copy.address(), copy.address() + QueryResult.NAME);
        } finally {
            copies.giveBack(copy);
        }
    }

    long open(Mapping mapping, int how) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.fileOpen(call.process(), copy.address(), copy.address() + QueryResult.NAME, how);
        } finally {
            copies.giveBack(copy);
        }
    }

    int quickVerify(Mapping mapping) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.fileQuickVerify(call.process(), copy.address(), copy.address() + QueryResult.NAME);
        } finally {
            copies.giveBack(copy);
        }
    }

    long sharingDomain(Mapping mapping) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.fileSharingDomain(call.process(), copy.address(), copy.address() + QueryResult.NAME);
        } finally {
            copies.giveBack(copy);
        }
    }

    int verify(Mapping mapping, int descriptor) throws NotEnoughMemoryException {
        NativeMemory copy = copies.copy(mapping);
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.fileVerify(call.process(), copy.address(), descriptor);
        } finally {
            copies.giveBack(copy);
        }
    }

    /** Returns the exception for a negative errno that does not concern a single mapping. */
    MapsException failure(int errno) {
        String process = "process " + maps.pid();
        return errno == Errno.ENOTSUP ? FileExceptions.ofEntry(errno, process) : failure(errno, process);
    }

    private MapsException failure(int errno, String subject) {
        return FileExceptions.ofProcess(errno, subject, RootAccess.get().pidAtProc(maps));
    }

    /**
     * Returns the exception for map_files that may not be listed. Reading maps needs less permission: CAP_PERFMON
     * (Linux 6.13+).
     */
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
                throw listAccess() == Errno.EACCES
                        ? deniedEntry(mapping.toString())
                        : FileExceptions.ofEntry(rc, mapping.toString());
            default:
                if (rc == Errno.EINVAL
                        && mapping.inode() == 0
                        && mapping.deviceMajor() == 0
                        && mapping.deviceMinor() == 0) {
                    throw new IllegalArgumentException(
                            "the mapping has a build ID, but no device and inode: call ProcessMaps.query() for"
                                    + " its start and pass the result: " + mapping);
                }
                if (rc < 0) {
                    throw FileExceptions.ofEntry(rc, mapping.toString());
                }
        }
    }
}
