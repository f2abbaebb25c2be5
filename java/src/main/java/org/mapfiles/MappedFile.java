package org.mapfiles;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.mapfiles.internal.ErrorText;

/**
 * A file of a mapping, open. {@link #channel()} reads it, and maps it into this process.
 *
 * <p>It stays the same file whatever happens to its path, but on overlayfs: there a descriptor of a lower layer turns to the
 * new upper file once somebody opens the path for writing. Whoever has copied such a file asks {@link #prove()} again.
 *
 * <p>Thread-safe. Without a close, the garbage collector closes it.
 */
public final class MappedFile implements AutoCloseable {
    private final ProcessMaps maps;
    /** Of the mapping, what it is known by. */
    private final long start;
    private final long end;
    private final long offset;
    private final long inode;
    private final int deviceMajor;
    private final int deviceMinor;
    private final int flags;
    private final int descriptor;
    private final Proof proof;
    private final boolean writable;
    private final Cleaner.Cleanable cleanable;
    private RandomAccessFile file;
    private boolean closed;

    /** Takes the descriptor over, once it returns; the record is copied. */
    MappedFile(ProcessMaps maps, ByteBuffer record, int descriptor, Proof proof, boolean writable) {
        this.maps = maps;
        this.start = record.getLong(MapRecord.START);
        this.end = record.getLong(MapRecord.END);
        this.offset = record.getLong(MapRecord.OFFSET);
        this.inode = record.getLong(MapRecord.INODE);
        this.deviceMajor = record.getInt(MapRecord.DEV_MAJOR);
        this.deviceMinor = record.getInt(MapRecord.DEV_MINOR);
        this.flags = record.getInt(MapRecord.FLAGS);
        this.descriptor = descriptor;
        this.proof = proof;
        this.writable = writable;
        this.cleanable = ProcessMaps.CLEANER.register(this, () -> NativeCalls.closeDescriptor(descriptor));
    }

    /** How it is known to be the mapped file, as found when it was opened. */
    public Proof proof() {
        return proof;
    }

    /**
     * Finds out again whether this is the file of the mapping, by device and inode or by content.
     *
     * @throws NotVerifiedException if it surely is another one by now
     * @throws StaleMappingException if the process does not have the mapping any more
     */
    public synchronized Proof prove() throws MapsException {
        checkOpen();
        NativeMemory record = ProcessMaps.memory(MapRecord.SIZE, "a mapping");
        record.bytes().putLong(MapRecord.START, start).putLong(MapRecord.END, end).putLong(MapRecord.OFFSET, offset)
                .putLong(MapRecord.INODE, inode).putInt(MapRecord.DEV_MAJOR, deviceMajor).putInt(MapRecord.DEV_MINOR, deviceMinor)
                .putInt(MapRecord.FLAGS, flags);
        int rc = maps.proveFile(record.address(), descriptor);
        record.keepUntilHere();
        switch (rc) {
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.EACCES:
                throw maps.failure(rc);
            case Errno.EIDRM:
                throw new NotVerifiedException("this is not the file of its mapping any more: on overlayfs an open file changes to the"
                        + " new copy when its path is opened for writing", true);
            default:
                if (rc < 0) {
                    throw Failures.ofEntry(rc, "the mapping of this file");
                }
                return Proof.ofCode(rc);
        }
    }

    /**
     * The file as a channel: always the same one, closed with this object; it is close-on-exec.
     *
     * @throws NotSupportedException if this JVM does not let native code give it a descriptor
     * @throws MapsException if no descriptor is left, or /dev/null cannot be opened, which this takes
     */
    public synchronized FileChannel channel() throws MapsException {
        checkOpen();
        if (file == null) {
            file = adopted();
        }
        return file.getChannel();
    }

    /** java.io opens paths alone: it opens one that does not matter, and the file takes that one's place. */
    private RandomAccessFile adopted() throws MapsException {
        RandomAccessFile shell = null;
        int rc = Errno.ENOTSUP;
        try {
            shell = new RandomAccessFile("/dev/null", writable ? "rw" : "r");
            rc = NativeCalls.adopt(shell.getFD(), descriptor);
        } catch (IOException e) {
            throw (MapsException) new MapsException("no channel without /dev/null: " + ErrorText.of(e)).initCause(e);
        } finally {
            if (rc < 0 && shell != null) {
                close(shell);
            }
        }
        if (rc < 0) {
            throw new NotSupportedException(NotSupportedException.Missing.CHANNEL,
                    "this JVM does not let native code give it a descriptor: take descriptor()");
        }
        return shell;
    }

    private static void close(RandomAccessFile file) throws MapsException {
        try {
            file.close();
        } catch (IOException e) {
            throw (MapsException) new MapsException("closing a mapped file failed: " + ErrorText.of(e)).initCause(e);
        }
    }

    /**
     * Number of the descriptor, for native code: valid until this object is closed or unreachable, close-on-exec.
     *
     * @throws IllegalStateException if it is closed
     */
    public synchronized int descriptor() {
        checkOpen();
        return descriptor;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this file is closed");
        }
    }

    /** Closes the file and its channel. Again: nothing. */
    @Override
    public synchronized void close() throws MapsException {
        closed = true;
        cleanable.clean();
        if (file != null) {
            close(file);
        }
    }

    @Override
    public String toString() {
        return "MappedFile[" + proof + "]";
    }
}
