package org.mapfiles.internal;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Copies and compares slices of direct buffers and byte arrays. Only methods that return an array or a String allocate.
 */
public final class ByteSlices {
    private ByteSlices() {}

    /** Returns a copy of a slice. */
    public static byte[] copy(ByteBuffer from, int offset, int length) {
        byte[] copy = new byte[length];
        from.get(offset, copy, 0, length);
        return copy;
    }

    /** Copies a slice to an array; throws and copies nothing if it does not fit. */
    public static void copy(ByteBuffer from, int offset, int length, byte[] to, int at) {
        Objects.checkFromIndexSize(at, length, to.length);
        from.get(offset, to, at, length);
    }

    /**
     * Copies a slice to the position of a buffer, which does not change; throws and copies nothing if it does not fit.
     */
    public static void copy(ByteBuffer from, int offset, int length, ByteBuffer to) {
        if (length > to.remaining()) {
            throw new BufferOverflowException();
        }
        to.put(to.position(), from, offset, length);
    }

    /** Returns whether a slice has the expected bytes. */
    public static boolean equal(ByteBuffer buffer, int offset, int length, byte[] expected) {
        return length == expected.length && begins(buffer, offset, length, expected);
    }

    /** Returns whether two slices of one length are equal. */
    public static boolean equal(ByteBuffer one, int oneOffset, ByteBuffer other, int otherOffset, int length) {
        for (int i = length - 1; i >= 0; i--) { // paths differ at their end
            if (one.get(oneOffset + i) != other.get(otherOffset + i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether a slice begins with the bytes of the prefix. */
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

    /** Returns the bytes of a slice in lower-case hexadecimal digits. */
    public static String hex(ByteBuffer from, int offset, int length) {
        return HexFormat.of().formatHex(copy(from, offset, length));
    }
}
