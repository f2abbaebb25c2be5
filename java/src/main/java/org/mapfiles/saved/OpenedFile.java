package org.mapfiles.saved;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.FileIdentity;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;

/**
 * A regular file that is open: its attributes and bytes belong to one file, also if another one is put at its path. A
 * pipe or a device is not opened, because that may block, or have an effect.
 *
 * <p>Not thread-safe.
 */
final class OpenedFile implements AutoCloseable, ElfNotes.Source {
    private static final int BUFFER = 1 << 14;
    private static final long NANOS = 1_000_000_000;

    private final int descriptor;
    private final NativeMemory buffer = new NativeMemory(BUFFER);

    /** Takes over a descriptor that {@link #open} returned. */
    OpenedFile(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Returns a descriptor; or a negative errno, which is EIDRM if no regular file is at the path. */
    static int open(byte[] path) {
        NativeMemory text = new NativeMemory(path.length + 1); // it is zeroed, so the path ends in a NUL
        text.bytes().put(0, path);
        int rc = NativeCalls.fileOpenInRoot(0, text.address());
        text.keepUntilHere();
        return rc;
    }

    /**
     * Attributes of a file.
     *
     * @param size in bytes
     * @param modified time of the last change of the content. A program can set it
     * @param statusChanged time of the last change of the status, which no program can set (inode(7))
     */
    record Attributes(
            int deviceMajor, int deviceMinor, long inode, long size, Instant modified, Instant statusChanged) {}

    /** Returns the attributes; null: they cannot be read. */
    @Nullable
    Attributes attributes() {
        long[] identity = new long[FileIdentity.LENGTH];
        return NativeCalls.fileIdentity(descriptor, identity) < 0
                ? null
                : new Attributes(
                        (int) (identity[FileIdentity.DEVICE] >>> 32),
                        (int) identity[FileIdentity.DEVICE],
                        identity[FileIdentity.INODE],
                        identity[FileIdentity.SIZE],
                        time(identity[FileIdentity.MODIFIED]),
                        time(identity[FileIdentity.STATUS_CHANGED]));
    }

    private static Instant time(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    @Override
    public ByteBuffer read(long position, int length) {
        int wanted = position < 0 ? 0 : Math.min(length, BUFFER);
        int done = 0;
        while (done < wanted) {
            long got = NativeCalls.fileReadAt(descriptor, buffer.address() + done, wanted - done, position + done);
            if (got <= 0) {
                break;
            }
            done += (int) got;
        }
        buffer.keepUntilHere();
        byte[] bytes = new byte[done];
        buffer.bytes().get(0, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        NativeCalls.closeDescriptor(descriptor);
    }
}
