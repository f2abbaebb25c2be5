package org.mapfiles.symbols;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.FileIdentity;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;

/**
 * Keeps ELF files open and their symbols in memory, for any number of processes: a file that several processes map is
 * read once. A file is identified by device, inode, size and the times of its last changes.
 *
 * <p>The symbols of all files take at most a number of bytes. When they would take more, symbols that were not used
 * lately are released, and read again when they are needed. The addresses of a symbol take about 23 bytes, and each
 * name that was asked for its own length.
 *
 * <p>At most 1,024 files are open, debug files included, and at most a quarter of {@code ulimit -n}. When there would
 * be more, files that were not used lately are closed. {@link Symbols} opens such a file again when it is needed.
 *
 * <p>Thread-safe.
 */
public final class SymbolCache implements AutoCloseable {
    private static final int MAX_DESCRIPTORS = 1024;
    /** The encoding in which the JDK decodes the bytes of paths. */
    private static final Charset PATH_ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final long maximum;
    private final int maxDescriptors;
    /** By identity. A class for the key would be loaded with the first symbol: a twentieth of that time. */
    private final Map<List<Long>, ElfFile> files = new HashMap<>();
    /** Files whose symbols are in memory. */
    private final List<ElfFile> withSymbols = new ArrayList<>();
    /** Open debug files whose symbols were released. A {@link SymbolInfo} may still need a name from them. */
    private final Queue<ElfBytes> releasedDebugFiles = new ArrayDeque<>();

    private long total;
    private int descriptors;
    private boolean isClosed;
    /**
     * Number of files and of symbols that were read: the time of uses. Read without a lock, because an older value only
     * makes a file seem to be used earlier.
     */
    int time;

    private SymbolCache(long maximum, int maxDescriptors) {
        this.maximum = maximum;
        this.maxDescriptors = maxDescriptors;
    }

    /**
     * Constructs an empty cache. 64 MiB hold more than two million symbols: about 40 times libjvm.so.
     *
     * @param maximum size of the symbols of all files, in bytes, above 0. A file whose symbols take more has the status
     *     {@link SymbolInfo.Status#SYMBOLS_NOT_READ}
     * @throws IllegalArgumentException if it is not above 0
     */
    public static SymbolCache ofBytes(long maximum) {
        return of(maximum, maxDescriptors());
    }

    /** Returns the maximum of open files. Most of those that this JVM may open are left to others. */
    private static int maxDescriptors() {
        NativeLibrary.ensureLoaded();
        long limit = NativeCalls.descriptorLimit();
        return limit < 0 ? MAX_DESCRIPTORS : (int) Math.min(MAX_DESCRIPTORS, limit / 4);
    }

    static SymbolCache of(long maximum, int maxDescriptors) {
        if (maximum <= 0) {
            throw new IllegalArgumentException("the maximum is not above 0: " + maximum);
        }
        NativeLibrary.ensureLoaded();
        return new SymbolCache(maximum, maxDescriptors);
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
     * @throws java.nio.file.NoSuchFileException if the path leads to no file
     * @throws IOException if it cannot be opened, or is no ELF program or library of this machine's byte order
     * @throws IllegalStateException if this cache is closed
     */
    public ElfFile open(Path path) throws IOException {
        byte[] name =
                Objects.requireNonNull(path, "path").toAbsolutePath().toString().getBytes(PATH_ENCODING);
        int descriptor = ElfFile.openPath(null, name);
        if (descriptor < 0) {
            throw ElfReadException.cannotOpen(path, descriptor);
        }
        ElfFile file;
        try {
            file = share(ElfBytes.of(descriptor), null, name);
        } catch (RuntimeException e) {
            throw ElfReadException.cannotRead(path, e);
        }
        if (file == null) {
            throw new IOException("no ELF program or library of this machine's byte order: " + path);
        }
        return file;
    }

    /**
     * Opens a file of this machine that has a build ID. So a library that is not at its path any more is found by the
     * build ID that a saved file records. Searched are {@code /usr/lib/.build-id}, {@code /usr/lib/debug/.build-id} and
     * the local cache of debuginfod. Nothing is downloaded.
     *
     * <p>The file may be a debug file, which lacks code and data. Its {@link ElfFile#elfAddress} finds the addresses of
     * mappings of code that show a whole segment. Other addresses are unknown. Its {@link ElfFile#htlhash()} and
     * {@link ElfFile#size()} are not those of the mapped file.
     *
     * @param buildId GNU build ID in hexadecimal
     * @return empty: no such file was found, or the text is no build ID
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws UncheckedIOException if descriptors or memory of the kernel are used up
     * @throws IllegalStateException if this cache is closed
     */
    public Optional<ElfFile> openByBuildId(String buildId) throws NotEnoughMemoryException {
        return UnmappedFiles.open(
                this, Objects.requireNonNull(buildId, "buildId").toLowerCase(Locale.ROOT));
    }

    /**
     * Reads a copy of a whole ELF file, such as that of the vdso in a core file.
     *
     * @param copy bytes, which are copied
     * @throws IOException if they are no ELF program or library of this machine's byte order
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if this cache is closed
     */
    public ElfFile openCopy(byte[] copy) throws IOException {
        return UnmappedFiles.copy(this, Objects.requireNonNull(copy, "copy"));
    }

    /**
     * Takes over an open file. Returns the file in the cache with the same identity; null: it is no ELF file.
     *
     * @throws ElfReadException if it cannot be read; it is closed then
     */
    @Nullable
    ElfFile share(ElfBytes bytes, @Nullable ProcessMaps maps, byte @Nullable [] path) {
        List<Long> key;
        try {
            key = keyOf(bytes.identity());
        } catch (RuntimeException e) {
            bytes.run();
            throw e;
        }
        synchronized (this) {
            ElfFile known = isClosed || key == null ? null : files.get(key);
            if (known != null || isClosed) {
                bytes.run();
                checkOpen();
                known.lastUse = time;
                return known;
            }
        }
        ElfFile file = ElfFile.read(bytes, maps, path, this);
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
            time++;
            file.lastUse = time;
            count(file, 1);
            return file;
        }
    }

    private static @Nullable List<Long> keyOf(long @Nullable [] identity) {
        return identity == null
                ? null
                : List.of(
                        identity[FileIdentity.DEVICE],
                        identity[FileIdentity.INODE],
                        identity[FileIdentity.SIZE],
                        identity[FileIdentity.MODIFIED],
                        identity[FileIdentity.STATUS_CHANGED]);
    }

    /** Counts the descriptors of a file, and closes others if there are too many. */
    private void count(ElfFile file, int open) {
        descriptors += open - file.descriptors;
        file.descriptors = open;
        while (descriptors > maxDescriptors && !releasedDebugFiles.isEmpty()) {
            releasedDebugFiles.remove().run();
            descriptors--;
        }
        while (descriptors > maxDescriptors) {
            ElfFile oldest = leastRecentlyUsed(files.values(), file);
            if (oldest == null) {
                return;
            }
            files.values().remove(oldest);
            closeFile(oldest);
        }
    }

    /** Returns the file whose last use is the longest ago; null: there is no other one. */
    private static @Nullable ElfFile leastRecentlyUsed(Collection<ElfFile> candidates, ElfFile except) {
        ElfFile oldest = null;
        for (ElfFile candidate : candidates) {
            if (candidate != except && (oldest == null || candidate.lastUse - oldest.lastUse < 0)) {
                oldest = candidate;
            }
        }
        return oldest;
    }

    private void closeFile(ElfFile file) {
        forgetSymbols(file);
        descriptors -= file.descriptors;
        file.descriptors = 0;
        file.close();
    }

    private void forgetSymbols(ElfFile file) {
        withSymbols.remove(file);
        total -= file.symbolBytes;
        file.symbolBytes = 0;
    }

    private void release(ElfFile file) {
        forgetSymbols(file);
        for (SymbolTable table : file.unload()) {
            if (table.isDebugFile()) {
                releasedDebugFiles.add(table.bytes());
                file.descriptors--;
            }
        }
    }

    synchronized boolean isClosed() {
        return isClosed;
    }

    private void checkOpen() {
        if (isClosed) {
            throw new IllegalStateException("this SymbolCache is closed: open another");
        }
    }

    /** Counts the symbols of a file that were read, and releases others if all take too much. */
    synchronized void loaded(ElfFile file, long size, int open) {
        if (isClosed || file.isClosed()) { // meanwhile, so what was loaded is closed too
            file.close();
            return;
        }
        time++;
        count(file, open);
        if (size == 0) {
            return;
        }
        forgetSymbols(file); // two threads may have read them
        withSymbols.add(file);
        file.symbolBytes = size;
        total += size;
        while (total > maximum) {
            ElfFile oldest = leastRecentlyUsed(withSymbols, file);
            if (oldest == null) {
                return;
            }
            release(oldest);
        }
    }

    /**
     * Closes all files. Searches in them throw {@link IllegalStateException} then, and names that were not read yet
     * stay unknown.
     */
    @Override
    public synchronized void close() {
        isClosed = true;
        for (ElfFile file : files.values()) {
            file.close();
        }
        for (ElfFile file : withSymbols) {
            file.close();
        }
        files.clear();
        withSymbols.clear();
        while (!releasedDebugFiles.isEmpty()) {
            releasedDebugFiles.remove().run();
        }
        total = 0;
        descriptors = 0;
    }
}
