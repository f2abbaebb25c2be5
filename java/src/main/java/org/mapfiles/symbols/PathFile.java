package org.mapfiles.symbols;

import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.FileIdentity;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;

/** The file that is at a path of a process now, or why it is not open. */
final class PathFile implements AutoCloseable {
    /** The path starts where the paths in maps start. */
    static final int AS_IN_MAPS = 0;
    /** The path starts at the root directory of the process: {@code MF_PATH_OF_PROCESS}. */
    static final int OF_PROCESS = 1;

    private final byte[] path;
    private final int error;
    /** Null after an error, and after {@link #share}. */
    private ElfBytes bytes;

    /** Elements of {@link FileIdentity}; null after an error. */
    private final long[] identity;

    private PathFile(byte[] path, int descriptor) {
        ElfBytes opened = descriptor < 0 ? null : ElfBytes.of(descriptor);
        long[] found = null;
        int failure = Math.min(descriptor, 0);
        try {
            found = opened == null ? null : opened.identity();
        } catch (ElfReadException e) {
            opened.run();
            opened = null;
            failure = e.errno();
        }
        this.path = path;
        this.error = failure;
        this.bytes = opened;
        this.identity = found;
    }

    /**
     * Opens the file.
     *
     * @param path raw bytes; null or not absolute: there is no file
     */
    static PathFile open(ProcessMaps maps, byte[] path, int start) {
        if (path == null || path.length == 0 || path[0] != '/') {
            return new PathFile(path, Errno.ENOENT);
        }
        NativeMemory text = new NativeMemory(path.length + 1); // the memory is zeroed, so the path ends in a NUL
        text.bytes().put(0, path);
        OpenProcess process = RootAccess.get().process(maps);
        process.enter();
        try {
            return new PathFile(path, NativeCalls.fileOpenPath(process.memory.address(), text.address(), start));
        } finally {
            process.leave();
            text.keepUntilHere();
        }
    }

    boolean isOpen() {
        return error == 0;
    }

    byte[] path() {
        return path;
    }

    /** Returns whether nothing is at the path, or no regular file. */
    boolean isAbsent() {
        return error == Errno.ENOENT || error == Errno.ENOTDIR || error == Errno.EIDRM;
    }

    /** Returns why the file is not open, as the end of a sentence about it. */
    String reason() {
        switch (error) {
            case Errno.EACCES:
            case Errno.EPERM:
                return "may not be read";
            case Errno.ENOSYS:
                return "cannot be opened in the root of the process: openat2(2) is missing, which Linux 5.6 has";
            default:
                return "cannot be opened: " + Errno.name(error);
        }
    }

    /** Returns whether both are open and are one file. */
    boolean isSameFile(PathFile other) {
        return identity != null
                && other.identity != null
                && identity[FileIdentity.DEVICE] == other.identity[FileIdentity.DEVICE]
                && identity[FileIdentity.INODE] == other.identity[FileIdentity.INODE];
    }

    /** Returns the file as an ELF file, which the cache owns; null: it is none. May be called once. */
    ElfFile share(SymbolCache cache) {
        ElfBytes taken = bytes;
        bytes = null;
        return taken == null ? null : cache.share(taken, null, null);
    }

    @Override
    public void close() {
        if (bytes != null) {
            bytes.run();
        }
    }
}
