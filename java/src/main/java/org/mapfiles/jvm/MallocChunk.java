package org.mapfiles.jvm;

import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Large pieces of glibc's malloc: each is mapped by itself, and begins with a word of zero and one of its size. */
final class MallocChunk {
    static final String DETAIL = "a large piece of the C library";

    /** Bytes before what malloc gives out. */
    static final int HEAD = 2 * Long.BYTES;

    /** The lowest bits of the size are flags; of a piece that is mapped by itself this one alone. */
    private static final int FLAGS = 8;
    private static final int IS_MAPPED = 2;

    private static final int MIN_PAGE = 4096;

    private MallocChunk() {
    }

    /**
     * Where pieces end that fill memory from its start on; the start itself if there are none. The kernel makes one mapping of
     * neighbours, so that other memory may follow.
     */
    static long behind(VmReader vm, long start, long end) {
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

    /** Size of the piece that begins at an address, if it looks like one; else 0. */
    static long size(VmReader vm, long start) {
        if (start % MIN_PAGE != 0) {
            return 0;
        }
        try {
            long[] head = vm.longsAt(start, 2);
            long size = head[1] & -FLAGS;
            boolean isPiece = head[0] == 0 && head[1] - size == IS_MAPPED && size % MIN_PAGE == 0 && size > 0;
            return isPiece ? size : 0;
        } catch (VmFieldMissing gone) {
            return 0;
        }
    }
}
