package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeLibrary;

/**
 * Keeps ELF files open and their symbols in memory, for any number of processes: a file that several processes map is
 * read once. A file is identified by device, inode, size and the times of its last changes.
 *
 * <p>The symbols of all files take at most a number of bytes. When they would take more, symbols that were not used
 * lately are released, and read again when they are needed. The addresses of a symbol take about 23 bytes, and each
 * name that was asked for its own length. At most 1,024 files are kept open.
 *
 * <p>Thread-safe.
 */
public final class SymbolCache implements AutoCloseable {
    private static final int MAX_FILES = 1024;
    /** The encoding in which the JDK decodes the bytes of paths. */
    private static final Charset PATH_ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final long maximum;
    // the least recently used one is the first
    private final Map<FileKey, ElfFile> files = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<ElfFile, Long> sizes = new IdentityHashMap<>();
    private final Queue<ElfFile> loaded = new ArrayDeque<>();
    private long total;
    private boolean isClosed;

    private SymbolCache(long maximum) {
        this.maximum = maximum;
    }

    /**
     * Constructs an empty cache. 64 MiB hold more than two million symbols: about 40 times libjvm.so.
     *
     * @param maximum size of the symbols of all files, in bytes, above 0. A file whose symbols take more has none
     * @throws IllegalArgumentException if it is not above 0
     */
    public static SymbolCache ofBytes(long maximum) {
        if (maximum <= 0) {
            throw new IllegalArgumentException("the maximum is not above 0: " + maximum);
        }
        NativeLibrary.ensureLoaded();
        return new SymbolCache(maximum);
    }

    long maximum() {
        return maximum;
    }

    /** Returns the size of the symbols that are in memory, in bytes, without names. */
    public synchronized long size() {
        return total;
    }

    /**
     * Opens a program or library by its path.
     *
     * @throws NoSuchFileException if the path leads to no file
     * @throws IOException if it cannot be opened, or is no ELF program or library of this machine's byte order
     * @throws IllegalStateException if this cache is closed
     */
    public ElfFile open(Path path) throws IOException {
        byte[] name =
                Objects.requireNonNull(path, "path").toAbsolutePath().toString().getBytes(PATH_ENCODING);
        int descriptor = ElfFile.openPath(null, name);
        if (descriptor == Errno.ENOENT) {
            throw new NoSuchFileException(path.toString());
        }
        if (descriptor < 0) {
            throw new IOException("cannot open " + path + ": "
                    + (descriptor == Errno.EIDRM
                            ? "it is no regular file"
                            : descriptor == Errno.EACCES ? "permission denied" : Errno.name(descriptor)));
        }
        ElfFile file = share(ElfBytes.of(descriptor), new DebugFiles(null, name));
        if (file == null) {
            throw new IOException("no ELF program or library of this machine's byte order: " + path);
        }
        return file;
    }

    /** Takes over an open file. Returns the file in the cache with the same identity; null: it is no ELF file. */
    ElfFile share(ElfBytes bytes, DebugFiles debugFiles) {
        FileKey key = bytes.key();
        synchronized (this) {
            ElfFile known = isClosed || key == null ? null : files.get(key);
            if (known != null || isClosed) {
                bytes.run();
                checkOpen();
                return known;
            }
        }
        ElfFile file = ElfFile.read(bytes, debugFiles, this);
        if (file == null || key == null) {
            return file;
        }
        synchronized (this) {
            ElfFile known = isClosed ? null : files.putIfAbsent(key, file);
            if (known != null || isClosed) { // another thread was faster
                file.close();
                checkOpen();
                return known;
            }
            if (files.size() > MAX_FILES) { // its descriptor is closed when no one refers to it
                Iterator<ElfFile> oldest = files.values().iterator();
                forget(oldest.next());
                oldest.remove();
            }
            return file;
        }
    }

    private void forget(ElfFile file) {
        Long size = sizes.remove(file);
        if (size != null) {
            total -= size;
            loaded.remove(file);
            file.unload();
        }
    }

    private void checkOpen() {
        if (isClosed) {
            throw new IllegalStateException("this SymbolCache is closed: open another");
        }
    }

    /** Counts the symbols of a file that were read, and releases others if all take too much. */
    synchronized void loaded(ElfFile file, long size) {
        if (isClosed) {
            file.unload();
            return;
        }
        if (size == 0) {
            return;
        }
        Long before = sizes.put(file, size);
        total += size - (before == null ? 0 : before);
        if (before == null) {
            loaded.add(file);
        }
        // Each file has one more chance if it was used since the last pass.
        for (int left = 2 * loaded.size(); total > maximum && left > 0 && loaded.size() > 1; left--) {
            ElfFile oldest = loaded.remove();
            if (oldest == file || oldest.isUsed) {
                oldest.isUsed = false;
                loaded.add(oldest);
            } else {
                total -= sizes.remove(oldest);
                oldest.unload();
            }
        }
    }

    /**
     * Closes all files. Searches in them throw {@link IllegalStateException} then, and names that were not read yet
     * stay unknown.
     */
    @Override
    public synchronized void close() {
        isClosed = true;
        files.values().forEach(ElfFile::close);
        sizes.keySet().forEach(ElfFile::close);
        files.clear();
        sizes.clear();
        loaded.clear();
        total = 0;
    }
}
