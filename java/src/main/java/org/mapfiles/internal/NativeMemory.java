package org.mapfiles.internal;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory that native code may write to. Java owns it: it is a direct buffer, and only the garbage collector frees it.
 *
 * <p>After each native call with {@link #address()}, the caller calls {@link #keepUntilHere()}, so that the memory is
 * not freed during the call.
 */
public final class NativeMemory {
    private static final int CACHE_LINE = 64;

    private final ByteBuffer bytes;
    private final long address;

    /** Thrown if the data exceeds one buffer (2 GiB), so that more memory does not help. */
    public static final class TooLarge extends OutOfMemoryError {
        private static final long serialVersionUID = 1;

        private TooLarge(String what) {
            super(what + " would exceed 2 GiB");
        }

        /** Returns the error, typed as a superclass: the verifier would load this class with each caller. */
        public static OutOfMemoryError of(String what) {
            return new TooLarge(what);
        }
    }

    /** Allocates memory of a size in bytes, filled with zeros and aligned to a cache line. */
    public NativeMemory(int size) {
        NativeLibrary.ensureLoaded();
        if (size > Integer.MAX_VALUE - 2 * CACHE_LINE) {
            throw TooLarge.of(size + " bytes and their alignment");
        }
        // one line more than needed, because alignedSlice() drops up to one
        int lines = size + 2 * CACHE_LINE - 1 & -CACHE_LINE;
        bytes = ByteBuffer.allocateDirect(lines)
                .alignedSlice(CACHE_LINE)
                .slice(0, size)
                .order(ByteOrder.nativeOrder());
        address = NativeCalls.addressOf(bytes);
        if (address == 0) {
            throw ErrorText.unsatisfied("this JVM does not support JNI access to direct buffers: use another JVM");
        }
    }

    public ByteBuffer bytes() {
        return bytes;
    }

    /** Returns a slice as a buffer, which keeps the whole memory reachable. */
    public ByteBuffer slice(int from, int length) {
        return bytes.slice(from, length).order(ByteOrder.nativeOrder());
    }

    public int size() {
        return bytes.capacity();
    }

    public long address() {
        return address;
    }

    /** Keeps the memory reachable until this call. */
    public void keepUntilHere() {
        Reference.reachabilityFence(this);
    }
}
