package org.mapfiles.symbols;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.mapfiles.MapsException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.RootAccess;

/** An ELF file cannot be read: it is not known what it contains. A malformed file is not an instance of this. */
final class ElfReadException extends UncheckedIOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    private ElfReadException(IOException cause, int errno) {
        super(cause.getMessage(), cause);
        this.errno = errno;
    }

    /**
     * Returns the exception for a negative errno, typed as a superclass: the verifier would load this class with each
     * class that throws it.
     */
    static RuntimeException of(int errno) {
        IOException cause = Errno.isShortage(errno)
                ? RootAccess.get().failure(errno, "an ELF file", 0)
                : new MapsException("reading an ELF file failed with " + Errno.name(errno));
        return new ElfReadException(cause, errno);
    }

    /** Returns the exception for a file that cannot be opened, for a negative errno. */
    static IOException cannotOpen(Path path, int errno) {
        if (errno == Errno.ENOENT) {
            return new NoSuchFileException(path.toString());
        }
        return new IOException("cannot open " + path + ": "
                + (errno == Errno.EIDRM
                        ? "it is no regular file"
                        : errno == Errno.EACCES ? "permission denied" : Errno.name(errno)));
    }

    /** Returns the checked exception for one of this class. Throws one of another class again. */
    static IOException cannotRead(Path path, RuntimeException failure) {
        MapsException cause = requireInstance(failure).unwrap();
        return new IOException("cannot read " + path + ": " + cause.getMessage(), cause);
    }

    /** Returns an exception of this class. Throws one of another class again. */
    static ElfReadException requireInstance(RuntimeException failure) {
        if (failure instanceof ElfReadException) {
            return (ElfReadException) failure;
        }
        throw failure;
    }

    /** Throws the exception for a negative errno if descriptors or memory are used up. */
    static void checkShortage(int errno) {
        if (Errno.isShortage(errno)) {
            throw of(errno);
        }
    }

    /** Returns whether descriptors or memory are used up: the error is no property of the file. */
    boolean isShortage() {
        return Errno.isShortage(errno);
    }

    /** Returns the negative errno. */
    int errno() {
        return errno;
    }

    /** Returns the checked exception. */
    MapsException unwrap() {
        return (MapsException) getCause();
    }
}
