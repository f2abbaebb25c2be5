package org.mapfiles.files;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.Cleaner;
import java.nio.channels.FileChannel;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.ErrorText;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SharedCleaner;

/**
 * A file of a mapping, open. {@link #channel()} reads it, and maps it into this process.
 *
 * <p>It stays the same file whatever happens to its path, but on overlayfs: there a descriptor of a lower layer turns to the
 * new upper file once somebody opens the path for writing. Whoever has copied such a file asks {@link #verify()} again.
 *
 * <p>Thread-safe. Without a close, the garbage collector closes it.
 */
public final class MappedFile implements AutoCloseable {
    private final FileCalls calls;
    private final ImmutableMapping mapping;
    private final int descriptor;
    private final Verification verification;
    private final boolean writable;
    private final Cleaner.Cleanable cleanable;
    private RandomAccessFile file;
    private boolean closed;

    /** Takes the descriptor over, once it returns. */
    MappedFile(FileCalls calls, ImmutableMapping mapping, int descriptor, Verification verification, boolean writable) {
        this.calls = calls;
        this.mapping = mapping;
        this.descriptor = descriptor;
        this.verification = verification;
        this.writable = writable;
        this.cleanable = SharedCleaner.register(this, () -> NativeCalls.closeDescriptor(descriptor));
    }

    /** Returns the mapping that the file was opened for, as it was then. */
    public ImmutableMapping mapping() {
        return mapping;
    }

    /** How it is known to be the mapped file, as found when it was opened. */
    public Verification verification() {
        return verification;
    }

    /**
     * Finds out again whether this is the file of the mapping, by device and inode or by content.
     *
     * @throws NotVerifiedException if it surely is another one by now
     * @throws StaleMappingException if the process does not have the mapping any more
     */
    public synchronized Verification verify() throws MapsException {
        checkOpen();
        NativeMemory record = NativeMapping.allocate(MapRecord.SIZE, "a mapping");
        NativeMapping.copyRecord(mapping, record);
        int rc = calls.verify(record.address(), descriptor);
        record.keepUntilHere();
        switch (rc) {
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.EACCES:
                throw calls.failure(rc);
            case Errno.EIDRM:
                throw new NotVerifiedException("this is not the file of its mapping any more: on overlayfs an open file changes to the"
                        + " new copy when its path is opened for writing", true);
            default:
                if (rc < 0) {
                    throw FileExceptions.ofEntry(rc, "the mapping of this file");
                }
                return Verification.ofCode(rc);
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
            throw new MapsException("no channel without /dev/null: " + ErrorText.of(e), e);
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
            throw new MapsException("closing a mapped file failed: " + ErrorText.of(e), e);
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
        return "MappedFile[" + verification + "]";
    }
}
