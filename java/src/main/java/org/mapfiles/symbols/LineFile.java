package org.mapfiles.symbols;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.SharedCleaner;

/**
 * A file with the source lines of an {@link ElfFile} (DWARF), kept open for another program that reads them: this
 * library does not.
 *
 * <p>Thread-safe. If it is not closed, the descriptor is closed after the object becomes unreachable.
 */
public final class LineFile implements AutoCloseable {
    private final int descriptor;
    private final SymbolInfo.Source source;
    private final Cleaner.Cleanable cleanable;
    private boolean isClosed;

    private LineFile(ElfBytes entered, SymbolInfo.Source source) {
        this.descriptor = entered.descriptor();
        this.source = source;
        boolean isOwner = source != SymbolInfo.Source.FILE_ITSELF; // a debug file was opened for this object
        this.cleanable = SharedCleaner.register(this, () -> {
            entered.leave();
            if (isOwner) {
                entered.run();
            }
        });
    }

    /** Returns a file that is kept open until the result is closed; null: it is closed, or has no descriptor. */
    static @Nullable LineFile of(ElfBytes bytes, SymbolInfo.Source source) {
        return bytes.descriptor() < 0 || !bytes.mayEnter() ? null : new LineFile(bytes, source);
    }

    /**
     * Returns a path by which another process of this user can open the file, also if it is deleted: a symbolic link
     * below /proc/PID/fd. It leads to the file until this object is closed or unreachable.
     *
     * @throws IOException if no proc file system is mounted at /proc
     * @throws IllegalStateException if it is closed
     */
    public synchronized Path path() throws IOException {
        if (isClosed) {
            throw new IllegalStateException("this LineFile is closed: open another");
        }
        Path self = Files.readSymbolicLink(Path.of("/proc/self")); // the PID in the namespace of /proc
        return Path.of("/proc").resolve(self).resolve("fd").resolve(Integer.toString(descriptor));
    }

    /** Returns whether this is the mapped file, or how the debug file was found. */
    public SymbolInfo.Source source() {
        return source;
    }

    /** Closes the file. Has no effect if it is closed. */
    @Override
    public synchronized void close() {
        isClosed = true;
        cleanable.clean();
    }
}
