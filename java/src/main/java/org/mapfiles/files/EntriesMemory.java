package org.mapfiles.files;

import java.nio.ByteBuffer;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord.Entry;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * The native memory of a {@link MapFilesEntries}: {@code struct mf_entries}, its entries and their targets. For one
 * thread at a time.
 */
final class EntriesMemory {
    private static final int FIRST_ENTRIES = 16;

    private final NativeMemory query = new NativeMemory(NativeMapping.COPY_SIZE);
    private NativeMemory memory;
    private int entryCapacity;
    private int textCapacity;

    EntriesMemory() {
        allocate(FIRST_ENTRIES, QueryResult.NAME_MAX);
    }

    private void allocate(int entries, int text) {
        long size = NativeCalls.entriesBytes(entries, text);
        if (size == 0) {
            throw NativeMemory.TooLarge.of(entries + " entries with " + text + " bytes of paths");
        }
        memory = new NativeMemory((int) size);
        entryCapacity = entries;
        textCapacity = text;
        if (NativeCalls.entriesInit(memory.address(), size, entries, text) != 0) {
            throw new IllegalStateException("mf_entries_init rejected " + size + " bytes of memory");
        }
    }

    /** Returns the memory. {@link #readAll} may replace it. */
    ByteBuffer bytes() {
        return memory.bytes();
    }

    /** Reads the entry of one mapping as the first entry. Returns 0 or a negative errno. */
    int read(FileCalls calls, Mapping mapping, int fields) {
        NativeMapping.copy(mapping, query);
        int text = bytes().getInt(Entry.HEAD_TEXT_OFFSET);
        int rc = calls.readEntry(
                query.address(),
                query.address() + QueryResult.NAME,
                fields,
                memory.address() + Entry.HEAD_SIZE,
                memory.address() + text);
        query.keepUntilHere();
        memory.keepUntilHere();
        return rc;
    }

    /** Reads the entries of a snapshot. Returns 0 or a negative errno. */
    int readAll(FileCalls calls, SnapshotBuffer snapshot, int fields) throws NotEnoughMemoryException {
        for (; ; ) {
            int rc = calls.readEntries(snapshot.memory.address(), fields, memory.address());
            snapshot.memory.keepUntilHere();
            memory.keepUntilHere();
            if (rc != Errno.ENOBUFS) {
                return rc;
            }
            grow(
                    SnapshotBuffer.enlarged(entryCapacity, bytes().getInt(Entry.HEAD_NEEDED_ENTRIES)),
                    SnapshotBuffer.enlarged(textCapacity, bytes().getInt(Entry.HEAD_NEEDED_TEXT)));
        }
    }

    private void grow(int entries, int text) throws NotEnoughMemoryException {
        try {
            allocate(entries, text);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException(entries + " entries of map_files", e);
        }
    }
}
