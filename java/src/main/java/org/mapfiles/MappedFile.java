package org.mapfiles;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;

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
    private final NativeMemory mapping;
    private final RandomAccessFile file;
    private final int descriptor;
    private final Proof proof;
    private boolean closed;

    /** Takes the descriptor over, also where this fails. */
    MappedFile(ProcessMaps maps, NativeMemory mapping, int descriptor, Proof proof, boolean writable) throws MapsException {
        this.maps = maps;
        this.mapping = mapping;
        this.proof = proof;
        RandomAccessFile shell = null;
        int adopted = Errno.ENOTSUP;
        try {
            /* java.io opens paths alone: it opens one that does not matter, and the descriptor takes that one's place. */
            shell = new RandomAccessFile("/dev/null", writable ? "rw" : "r");
            adopted = NativeCalls.adopt(shell.getFD(), descriptor);
        } catch (IOException e) {
            throw (MapsException) new MapsException("a file was opened, and /dev/null was not, which it takes").initCause(e);
        } finally {
            if (adopted < 0) {
                NativeCalls.closeDescriptor(descriptor);
                closeQuietly(shell);
            }
        }
        if (adopted < 0) {
            throw new NotSupportedException("this JVM does not let native code give it a descriptor");
        }
        this.file = shell;
        this.descriptor = adopted;
    }

    private static void closeQuietly(RandomAccessFile file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // the failure that led here is the one to tell
        }
    }

    /** How it is known to be the mapped file; as found when it was opened. */
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
        int rc = maps.proveFile(mapping.address(), descriptor);
        mapping.keepUntilHere();
        if (rc < 0) {
            throw Failures.ofEntry(rc, "the mapping of this file");
        }
        return Proof.ofCode(rc);
    }

    /** The open file; closed with this object, and the other way round. */
    public FileChannel channel() {
        return file.getChannel();
    }

    /**
     * Number of the descriptor, for native code: valid until this object is closed, close-on-exec.
     *
     * @throws IllegalStateException if it is closed
     */
    public synchronized int descriptor() {
        checkOpen();
        return descriptor;
    }

    private void checkOpen() {
        if (closed || !file.getChannel().isOpen()) {
            throw new IllegalStateException("this file is closed");
        }
    }

    @Override
    public synchronized void close() throws MapsException {
        closed = true;
        try {
            file.close();
        } catch (IOException e) {
            throw (MapsException) new MapsException("closing a mapped file failed").initCause(e);
        }
    }

    @Override
    public String toString() {
        return "MappedFile[" + proof + "]";
    }
}
