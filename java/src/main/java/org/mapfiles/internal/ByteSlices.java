package org.mapfiles.internal;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Slices of direct buffers against byte arrays and each other, without a view or a copy. */
public final class ByteSlices {
    private ByteSlices() {
    }

    public static byte[] copy(ByteBuffer from, int offset, int length) {
        byte[] copy = new byte[length];
        from.get(offset, copy, 0, length);
        return copy;
    }

    /** Copies to an array; nothing if it does not fit. */
    public static void copy(ByteBuffer from, int offset, int length, byte[] to, int at) {
        Objects.checkFromIndexSize(at, length, to.length);
        from.get(offset, to, at, length);
    }

    /** Copies to a buffer's position, which is left as it is; nothing if it does not fit. */
    public static void copy(ByteBuffer from, int offset, int length, ByteBuffer to) {
        if (length > to.remaining()) {
            throw new BufferOverflowException();
        }
        to.put(to.position(), from, offset, length);
    }

    public static boolean equal(ByteBuffer buffer, int offset, int length, byte[] expected) {
        return length == expected.length && begins(buffer, offset, length, expected);
    }

    public static boolean equal(ByteBuffer one, int oneOffset, ByteBuffer other, int otherOffset, int length) {
        for (int i = length - 1; i >= 0; i--) { // paths differ at their end
            if (one.get(oneOffset + i) != other.get(otherOffset + i)) {
                return false;
            }
        }
        return true;
    }

    public static boolean begins(ByteBuffer buffer, int offset, int length, byte[] prefix) {
        if (length < prefix.length) {
            return false;
        }
        for (int i = prefix.length - 1; i >= 0; i--) {
            if (buffer.get(offset + i) != prefix[i]) {
                return false;
            }
        }
        return true;
    }
}
