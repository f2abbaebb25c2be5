package org.mapfiles.jvm;

import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Recognizes large chunks of glibc's malloc: each has its own mapping, and begins with a zero word and a word with its
 * size. Up to glibc 2.42 the size is that of the mapping; since 2.43 it lacks the header (malloc/malloc.c).
 */
final class MallocChunk {
    static final String DETAIL = "a large chunk of the C library's malloc";

    /** Size of the header before the address that malloc returns, in bytes. */
    static final int HEAD = 2 * Long.BYTES;

    /** The lowest bits of the size are flags. A chunk with its own mapping has only IS_MMAPPED set. */
    private static final int FLAGS = 8;

    private static final int IS_MAPPED = 2;

    private static final int MIN_PAGE = 4096;

    private MallocChunk() {}

    /**
     * Returns the end of the chunks that fill memory from {@code start} on; {@code start} if there are none. The kernel
     * merges adjacent mappings, so other memory may follow.
     */
    static long endOfChunks(VmReader vm, long start, long end) {
        long at = start;
        while (at != end) {
            long size = size(vm, at);
            if (size == 0 || size > end - at) {
                break;
            }
            at += size;
        }
        return at;
    }

    /** Returns the size of the chunk at an address, in bytes; 0: the memory is not a chunk. */
    static long size(VmReader vm, long start) {
        if (start % MIN_PAGE != 0) {
            return 0;
        }
        try {
            long[] head = vm.longsAt(start, 2);
            long size = head[1] & -FLAGS;
            size += size % MIN_PAGE == 0 ? 0 : HEAD;
            boolean isChunk = head[0] == 0 && head[1] % FLAGS == IS_MAPPED && size % MIN_PAGE == 0 && size > 0;
            return isChunk ? size : 0;
        } catch (VmFieldMissing unmapped) {
            return 0;
        }
    }
}
