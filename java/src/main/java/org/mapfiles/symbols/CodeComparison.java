package org.mapfiles.symbols;

import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.resident.ResidentPages;

/** Compares the bytes of two files, and the code of a process in memory with a file. */
final class CodeComparison {
    /** Whether bytes are equal. */
    enum Result {
        SAME,
        DIFFERENT,
        /** No byte could be compared, bytes could not be read, or too many would have to be. */
        NOT_COMPARED
    }

    private static final int CHUNK = 1 << 16;
    /** Maximum of bytes that are read of one process: it chooses the sizes and the number of its files. */
    private static final long MAX_BYTES = 8L << 30;

    private final NativeMemory one = new NativeMemory(CHUNK);
    private final NativeMemory other = new NativeMemory(CHUNK);
    private long left = MAX_BYTES;

    /** Compares the bytes of two files. */
    Result compare(ElfFile file, ElfFile now) {
        return file.size() == now.size() ? compare(file, now, 0, file.size()) : Result.DIFFERENT;
    }

    /** Compares the bytes of two files in a range; after the end of a file a mapping shows zeros. */
    Result compare(ElfFile file, ElfFile now, long offset, long length) {
        for (long done = 0; done < length; done += CHUNK) {
            if (left <= 0) {
                return Result.NOT_COMPARED;
            }
            int count = (int) Math.min(CHUNK, length - done);
            if (!read(file, offset + done, one, count) || !read(now, offset + done, other, count)) {
                return Result.NOT_COMPARED;
            }
            if (mismatch(count) >= 0) {
                return Result.DIFFERENT;
            }
        }
        return Result.SAME;
    }

    private int mismatch(int count) {
        return one.slice(0, count).mismatch(other.slice(0, count));
    }

    /**
     * Reads bytes, and zeros after the end of the file. Returns false if bytes before the end are missing: the file was
     * truncated or closed, or reading failed.
     */
    private boolean read(ElfFile file, long offset, NativeMemory to, int count) {
        left -= count;
        if (!file.bytes.mayEnter()) {
            return false;
        }
        int got;
        try {
            got = file.bytes.read(offset, to, 0, count);
        } finally {
            file.bytes.leave();
        }
        for (int i = got; i < count; i++) {
            to.bytes().put(i, (byte) 0);
        }
        to.keepUntilHere();
        return got == count || offset + got >= file.size();
    }

    /**
     * Compares the pages of a mapping that are in memory, and that the process has not modified, with a file. No page
     * is loaded into the process.
     */
    Result compareMemory(ProcessMaps maps, MapSnapshot snapshot, Mapping mapping, ElfFile now) throws MapsException {
        ResidentPages pages = new ResidentPages();
        Result result = Result.NOT_COMPARED;
        byte[] memory = new byte[CHUNK];
        try {
            pages.read(maps, snapshot, mapping.start(), mapping.end());
            for (int i = 0; i < pages.size(); i++) {
                if (!pages.isFileKnown() || !pages.isFile(i) || pages.isSwapped(i)) {
                    continue;
                }
                for (long address = pages.start(i); address != pages.end(i); ) {
                    if (left <= 0) {
                        return Result.NOT_COMPARED;
                    }
                    int count = (int) Math.min(CHUNK, pages.end(i) - address);
                    if (maps.readMemory(address, memory, 0, count) != count) {
                        return Result.NOT_COMPARED;
                    }
                    one.bytes().put(0, memory, 0, count);
                    if (!read(now, mapping.offset() + (address - mapping.start()), other, count)) {
                        return Result.NOT_COMPARED;
                    }
                    if (mismatch(count) >= 0) {
                        return Result.DIFFERENT;
                    }
                    result = Result.SAME;
                    address += count;
                }
            }
        } catch (PermissionDeniedException | NotSupportedException e) {
            return Result.NOT_COMPARED;
        }
        return result;
    }
}
