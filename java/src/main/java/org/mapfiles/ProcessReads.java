package org.mapfiles;

import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.ProcessCall;

/**
 * Reads and queries the mappings of an open process by native calls. Thread-safe. Results are those of the C functions.
 */
final class ProcessReads {
    private final ProcessMaps maps;
    private final ProcessCall calls;
    /** The lock of reads of the text: without it, a second read at the same time would open another descriptor. */
    private final Object textLock = new Object();

    ProcessReads(ProcessMaps maps) {
        this.maps = maps;
        this.calls = new ProcessCall(maps.process(), maps);
    }

    /** Reads into the memory of a snapshot: mf_snapshot_read(). */
    int readInto(int options, long previous, long out) {
        try (ProcessCall call = calls.begin()) {
            synchronized (textLock) {
                return NativeCalls.snapshotRead(call.process(), options, previous, out);
            }
        }
    }

    /** Parses whole lines of text, just read from this process, into the memory of a snapshot. */
    int parseInto(int options, long text, int length, long out) {
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.chunksParse(call.process(), text, length, options, out);
        }
    }

    /** Opens another descriptor of the text, and returns it. */
    int openText() throws MapsException {
        try (ProcessCall call = calls.begin()) {
            int rc = NativeCalls.chunksOpen(call.process());
            if (rc < 0) {
                throw maps.failure(rc);
            }
            return rc;
        }
    }

    /** Returns whether the process has memory now; false also if it is closed. */
    boolean hasMemory() {
        try (ProcessCall call = calls.begin()) {
            int descriptor = NativeCalls.chunksOpen(call.process());
            if (descriptor >= 0) {
                NativeCalls.closeDescriptor(descriptor);
            }
            return descriptor >= 0;
        } catch (IllegalStateException closed) {
            return false;
        }
    }

    /** Checks that the text of a descriptor, which was read to its end, did not end early. */
    void checkWhole(int text) throws MapsException {
        int rc;
        try (ProcessCall call = calls.begin()) {
            rc = NativeCalls.chunksAreWhole(call.process(), text);
        }
        if (rc < 0) {
            throw maps.failure(rc);
        }
        if (rc == 0) {
            maps.snapshot(MapFilter.all().executable()); // throws if the process has exited
            throw new MapsException("process " + maps.pid()
                    + " called execve(2) during the read: the chunks are an incomplete list of the"
                    + " mappings of the previous program: read again");
        }
    }

    /** Queries for one mapping: mf_query(). */
    int query(long address, int options, long to) {
        try (ProcessCall call = calls.begin()) {
            return NativeCalls.query(call.process(), address, options, to);
        }
    }
}
