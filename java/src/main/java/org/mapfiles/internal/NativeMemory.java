package org.mapfiles.internal;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory that native code may write to. Java owns it: it is a direct buffer, freed by the garbage collector once nobody
 * can reach it, and by nothing else.
 *
 * <p>Whoever hands {@link #address()} to a native call ends with {@link #keepUntilHere()}, so that the memory outlives it.
 */
public final class NativeMemory {
    private static final int CACHE_LINE = 64;

    private final ByteBuffer bytes;
    private final long address;

    /** One buffer cannot hold that much. More memory does not help. */
    public static final class TooLarge extends OutOfMemoryError {
        private static final long serialVersionUID = 1;

        public TooLarge(String what) {
            super(what + " would pass 2 GiB");
        }
    }

    public NativeMemory(int size) {
        NativeLibrary.ensureLoaded();
        if (size > Integer.MAX_VALUE - 2 * CACHE_LINE) {
            throw new TooLarge(size + " bytes and their alignment");
        }
        int lines = size + 2 * CACHE_LINE - 1 & -CACHE_LINE; // one more than it takes: the slice loses one
        bytes = ByteBuffer.allocateDirect(lines).alignedSlice(CACHE_LINE).slice(0, size).order(ByteOrder.nativeOrder());
        address = NativeCalls.addressOf(bytes);
        if (address == 0) {
            throw new UnsatisfiedLinkError("this JVM gives native code no access to direct buffers");
        }
    }

    public ByteBuffer bytes() {
        return bytes;
    }

    /** A part of the memory as a buffer of its own, which keeps all of it reachable. */
    public ByteBuffer slice(int from, int length) {
        return bytes.slice(from, length).order(ByteOrder.nativeOrder());
    }

    public int size() {
        return bytes.capacity();
    }

    public long address() {
        return address;
    }

    public void keepUntilHere() {
        Reference.reachabilityFence(this);
    }
}
