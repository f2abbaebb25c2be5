package org.mapfiles.files;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.Cleaner;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.ErrorText;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.SharedCleaner;

/**
 * An open file of a mapping. {@link #channel()} reads it and maps it into this process.
 *
 * <p>The descriptor is independent of changes of the path, except on overlayfs. There a descriptor of a lower file may
 * show the new upper file after a process opens the path for writing. So call {@link #verify()} again after reading
 * such a file.
 *
 * <p>Thread-safe. If it is not closed, the descriptor is closed after the object becomes unreachable.
 */
public final class MappedFile implements AutoCloseable {
    /**
     * How an opened file was verified to be the mapped file. Constants have the order of {@code enum mf_verification}.
     */
    public enum Verification {
        /** The file is at the path of the mapping, and nothing contradicts that it is the mapped file. */
        NOT_VERIFIED,
        /** The file was opened through map_files, on a file system where the entry leads to the mapped file. */
        EXACT,
        /** Device and inode are those of the mapping, on a file system where they identify a file. */
        SAME_INODE,
        /** The build ID of the file is that of the mapped image. */
        SAME_BUILD_ID,
        /**
         * Each page of the mapping that the process has not modified has the bytes of the file, and they are not all
         * zero. Parts of the file that are not mapped were not compared.
         */
        SAME_BYTES;

        private static final Verification[] BY_CODE = values();

        static Verification ofCode(int code) {
            return BY_CODE[code];
        }
    }

    /** Closes the descriptor. It is no lambda: the first lambda of a JVM takes milliseconds. */
    private static final class OpenDescriptor implements Runnable {
        private final int descriptor;

        OpenDescriptor(int descriptor) {
            this.descriptor = descriptor;
        }

        @Override
        public void run() {
            NativeCalls.closeDescriptor(descriptor);
        }
    }

    private final FileCalls calls;
    private final ImmutableMapping mapping;
    private final int descriptor;
    private final Verification verification;
    private final boolean writable;
    private final Cleaner.Cleanable cleanable;
    private @Nullable RandomAccessFile file;
    private boolean closed;

    /** Owns the descriptor from its return on. */
    MappedFile(FileCalls calls, ImmutableMapping mapping, int descriptor, Verification verification, boolean writable) {
        this.calls = calls;
        this.mapping = mapping;
        this.descriptor = descriptor;
        this.verification = verification;
        this.writable = writable;
        this.cleanable = SharedCleaner.register(this, new OpenDescriptor(descriptor));
    }

    /** {@return the mapping that the file was opened for, as it was then} */
    public ImmutableMapping mapping() {
        return mapping;
    }

    /** {@return how the file was verified to be the mapped file when it was opened} */
    public Verification verification() {
        return verification;
    }

    /**
     * Verifies again that this is the file of the mapping, by device and inode, build ID or bytes. May read the whole
     * mapping. Allocates.
     *
     * @return any constant but {@link Verification#EXACT}
     * @throws NotVerifiedException if it is another file
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.PermissionDeniedException if its mappings may not be read any more
     * @throws IllegalStateException if this file or the {@link org.mapfiles.ProcessMaps} is closed
     */
    public synchronized Verification verify() throws MapsException {
        checkOpen();
        int rc = calls.verify(mapping, descriptor);
        switch (rc) {
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.EACCES:
                throw calls.failure(rc);
            case Errno.EIDRM:
                throw new NotVerifiedException(
                        "this is not the mapped file any more: on overlayfs a descriptor changes to the new copy"
                                + " when a process opens the path for writing: discard the bytes that were read",
                        true);
            default:
                if (rc < 0) {
                    throw FileExceptions.ofEntry(rc, "the mapping of this file");
                }
                return Verification.ofCode(rc);
        }
    }

    /**
     * {@return the channel of the file} Each call returns the same channel. {@link #close()} closes it. It is
     * close-on-exec.
     *
     * <p>It can be written to only after {@link MapFiles#openForWriting}.
     *
     * @throws NotSupportedException if native code cannot give this JVM a descriptor: use {@link #descriptor()}
     * @throws MapsException if no descriptor is free, or /dev/null cannot be opened, which this method does
     * @throws IllegalStateException if this file is closed
     */
    public synchronized FileChannel channel() throws MapsException {
        checkOpen();
        if (file == null) {
            file = adopted();
        }
        return file.getChannel();
    }

    /** Opens /dev/null with java.io, which opens only paths, and replaces its descriptor. */
    private RandomAccessFile adopted() throws MapsException {
        RandomAccessFile shell = null;
        int rc = Errno.ENOTSUP;
        try {
            shell = new RandomAccessFile("/dev/null", writable ? "rw" : "r");
            rc = NativeCalls.adopt(shell.getFD(), descriptor);
        } catch (IOException e) {
            throw new MapsException(
                    "a channel needs /dev/null, which cannot be opened: use descriptor(): " + ErrorText.of(e), e);
        } finally {
            if (rc < 0 && shell != null) {
                close(shell);
            }
        }
        if (rc < 0 && rc != Errno.ENOTSUP) {
            throw new MapsException("replacing a descriptor (dup3) for " + mapping + " failed with " + Errno.name(rc));
        }
        if (rc < 0) {
            throw new NotSupportedException(
                    NotSupportedException.Missing.CHANNEL,
                    "native code cannot give this JVM a descriptor: use descriptor()");
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
     * {@return the number of the descriptor, for native code} It is valid until this object is closed or unreachable.
     * It is close-on-exec.
     *
     * @throws IllegalStateException if this file is closed
     */
    public synchronized int descriptor() {
        checkOpen();
        return descriptor;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the mapped file is closed");
        }
    }

    /**
     * Closes the file and its channel. Has no effect if they are closed.
     *
     * @throws MapsException if close(2) of the channel fails
     */
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
