package org.mapfiles;

import org.mapfiles.internal.NativeCalls;

/** Reads and queries the mappings of an open process by native calls. Thread-safe. Results are those of the C functions. */
final class ProcessReads {
    private final ProcessMaps maps;
    /** The lock of reads of the text: without it, a second read at the same time would open another descriptor. */
    private final Object textLock = new Object();

    ProcessReads(ProcessMaps maps) {
        this.maps = maps;
    }

    /** Reads into the memory of a snapshot: mf_snapshot_read(). */
    int readInto(int options, long previous, long out) {
        long address = maps.process().enter();
        try {
            synchronized (textLock) {
                return NativeCalls.snapshotRead(address, options, previous, out);
            }
        } finally {
            maps.leave();
        }
    }

    /** Parses whole lines of text, just read from this process, into the memory of a snapshot. */
    int parseInto(int options, long text, int length, long out) {
        long address = maps.process().enter();
        try {
            return NativeCalls.chunksParse(address, text, length, options, out);
        } finally {
            maps.leave();
        }
    }

    /** Opens another descriptor of the text, and returns it. */
    int openText() throws MapsException {
        long address = maps.process().enter();
        try {
            int rc = NativeCalls.chunksOpen(address);
            if (rc < 0) {
                throw maps.failure(rc);
            }
            return rc;
        } finally {
            maps.leave();
        }
    }

    /** Checks that the text of a descriptor, which was read to its end, did not end early. */
    void checkWhole(int text) throws MapsException {
        int rc;
        long address = maps.process().enter();
        try {
            rc = NativeCalls.chunksAreWhole(address, text);
        } finally {
            maps.leave();
        }
        if (rc < 0) {
            throw maps.failure(rc);
        }
        if (rc == 0) {
            maps.snapshot(MapFilter.all().executable()); // throws if the process has exited
            throw new MapsException("process " + maps.pid() + " called execve(2) during the read: the chunks are an incomplete list of the"
                    + " mappings of the previous program: read again");
        }
    }

    /** Queries for one mapping: mf_query(). */
    int query(long address, int options, long to) {
        long opened = maps.process().enter();
        try {
            return NativeCalls.query(opened, address, options, to);
        } finally {
            maps.leave();
        }
    }
}
