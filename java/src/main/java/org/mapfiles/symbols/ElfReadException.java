package org.mapfiles.symbols;

import java.io.IOException;
import java.io.UncheckedIOException;
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

    /** Returns the exception for a negative errno. */
    static ElfReadException of(int errno) {
        IOException cause = Errno.isShortage(errno)
                ? RootAccess.get().failure(errno, "an ELF file", 0)
                : new MapsException("reading an ELF file failed with " + Errno.name(errno));
        return new ElfReadException(cause, errno);
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
