package org.mapfiles.symbols;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;
import org.mapfiles.files.MappedFile;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.FileIdentity;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RefCountedHandle;
import org.mapfiles.internal.SharedCleaner;

/**
 * The bytes of an ELF file: a descriptor, or a copy in memory. Reading after a close fails; it never reads another
 * file.
 */
final class ElfBytes extends RefCountedHandle {
    private final int descriptor;
    private final @Nullable NativeMemory content;
    /** Owns the descriptor; null: it is closed by number. */
    private final @Nullable MappedFile file;

    /** The identity when the file was opened. */
    private volatile long @Nullable [] opened;

    private ElfBytes(NativeMemory struct, int descriptor, @Nullable NativeMemory content, @Nullable MappedFile file) {
        super(struct);
        this.descriptor = descriptor;
        this.content = content;
        this.file = file;
    }

    /** Takes over an open file. */
    static ElfBytes of(MappedFile file) {
        return ofDescriptor(file.descriptor(), file);
    }

    /** Takes over a descriptor. */
    static ElfBytes of(int descriptor) {
        return ofDescriptor(descriptor, null);
    }

    private static ElfBytes ofDescriptor(int descriptor, @Nullable MappedFile file) {
        ElfBytes bytes = null;
        try {
            bytes = new ElfBytes(new NativeMemory(ElfRecord.SIZE_OF_BYTES), descriptor, null, file);
        } finally {
            if (bytes == null && file == null) { // OutOfMemoryError
                NativeCalls.closeDescriptor(descriptor);
            }
        }
        bytes.opened(0);
        return bytes;
    }

    /** A copy of a whole file. */
    static ElfBytes of(NativeMemory content) {
        NativeMemory struct = new NativeMemory(ElfRecord.SIZE_OF_BYTES);
        struct.bytes()
                .putLong(ElfRecord.BYTES_MEMORY, content.address())
                .putLong(ElfRecord.BYTES_SIZE, content.size())
                .putInt(ElfRecord.BYTES_FD, -1);
        ElfBytes bytes = new ElfBytes(struct, -1, content, null);
        bytes.opened(0);
        return bytes;
    }

    /** Closes the descriptor after {@code owner} is unreachable. */
    void closeWith(Object owner) {
        SharedCleaner.register(owner, this);
    }

    /** Reads the size of the file and its identity. Returns 0 or a negative errno. */
    private int readSize() {
        opened = identity();
        return content == null ? NativeCalls.elfBytesOf(descriptor, memory.address()) : 0;
    }

    long size() {
        return memory.bytes().getLong(ElfRecord.BYTES_SIZE);
    }

    /** Returns the descriptor, which is valid between {@link #mayEnter} and {@link #leave}; -1: a copy. */
    int descriptor() {
        return descriptor;
    }

    /** Returns whether the file has a section, which may be compressed. */
    boolean hasSection(String name) {
        enter();
        try {
            return isThere(findSection(name, new NativeMemory(ElfRecord.SIZE_OF_SECTION)));
        } finally {
            leave();
        }
    }

    private static boolean isThere(int rc) {
        return rc == 0 || rc == Errno.ENOTSUP;
    }

    /** Returns 0 or a negative errno; ENOTSUP: the section is compressed. The caller has entered. */
    private int findSection(String name, NativeMemory section) {
        NativeMemory text = new NativeMemory(name.length() + 1); // it is zeroed
        text.bytes().put(0, name.getBytes(StandardCharsets.US_ASCII));
        int rc = NativeCalls.elfSection(memory.address(), text.address(), section.address());
        text.keepUntilHere();
        section.keepUntilHere();
        ElfReadException.checkShortage(rc);
        return rc;
    }

    /** Returns the size of the memory of a copy; 0: the bytes are read from the file. */
    int memoryBytes() {
        return content == null ? 0 : content.size();
    }

    /**
     * Returns the elements of {@link FileIdentity}; null: a copy, or the file is closed.
     *
     * @throws ElfReadException if they cannot be read
     */
    long @Nullable [] identity() {
        if (content != null || !mayEnter()) {
            return null;
        }
        try {
            long[] identity = new long[FileIdentity.LENGTH];
            int rc = NativeCalls.fileIdentity(descriptor, identity);
            if (rc < 0) {
                throw ElfReadException.of(rc);
            }
            return identity;
        } finally {
            leave();
        }
    }

    /** Returns whether the file has the size and the time of the last write of when it was opened. */
    boolean isUnchanged() {
        if (content != null) {
            return true;
        }
        long[] before = opened;
        long[] now = identity();
        return before != null
                && now != null
                && before[FileIdentity.SIZE] == now[FileIdentity.SIZE]
                && before[FileIdentity.MODIFIED] == now[FileIdentity.MODIFIED];
    }

    /** As {@link #isUnchanged()}; false if that cannot be read. What was read before the call is of one state then. */
    boolean isSurelyUnchanged() {
        try {
            return isUnchanged();
        } catch (RuntimeException e) {
            ElfReadException.requireInstance(e);
            return false;
        }
    }

    /** Returns the user ID of the owner when the file was opened; 0, which is root: a copy. */
    long owner() {
        long[] identity = opened;
        return identity == null ? 0 : identity[FileIdentity.OWNER];
    }

    /** Reads the identity and the segments. Returns whether it is an ELF program or library that is supported. */
    boolean isElf(NativeMemory elf) {
        int rc = readSize();
        if (rc == 0) {
            rc = readElf(elf);
        }
        if (isReadFailure(rc)) {
            throw ElfReadException.of(rc);
        }
        return rc == 0;
    }

    /** Returns whether a result of the ELF functions is an errno of pread(2) or fstat(2), and not about the content. */
    static boolean isReadFailure(int rc) {
        switch (rc) {
            case Errno.ENOEXEC:
            case Errno.E2BIG:
            case Errno.EINVAL:
            case Errno.EOVERFLOW:
            case Errno.EPROTONOSUPPORT:
            case Errno.ENOBUFS:
                return false;
            default:
                return rc < 0;
        }
    }

    private int readElf(NativeMemory elf) {
        long bytes = enter();
        try {
            return NativeCalls.elfRead(bytes, elf.address());
        } finally {
            leaveAndKeep(elf);
        }
    }

    /** Returns 0 or a negative errno; EBADF: the file is closed. */
    int htlhash(NativeMemory out) {
        if (!mayEnter()) {
            return Errno.EBADF;
        }
        try {
            return NativeCalls.elfHtlhash(memory.address(), out.address());
        } finally {
            leaveAndKeep(out);
        }
    }

    /** Reads the index of the symbols into memory that the caller keeps. */
    int readSymbols(NativeMemory elf, long memory, long size) {
        long bytes = enter();
        try {
            return NativeCalls.symbolsRead(bytes, elf.address(), memory, size);
        } finally {
            leaveAndKeep(elf);
        }
    }

    /** Reads the name of a symbol. Returns its length or a negative errno; EBADF: the file is closed. */
    int name(NativeMemory index, NativeMemory symbol, NativeMemory to) {
        if (!mayEnter()) {
            return Errno.EBADF;
        }
        try {
            return NativeCalls.symbolsName(
                    memory.address(), index.address(), symbol.address(), to.address(), to.size());
        } finally {
            index.keepUntilHere();
            symbol.keepUntilHere();
            leaveAndKeep(to);
        }
    }

    /**
     * Returns the content of a section of up to a maximum of bytes. Null: there is none. 0 bytes: it is empty,
     * compressed or larger, or reading failed.
     */
    @Nullable
    NativeMemory section(String name, int maximum) {
        NativeMemory section = new NativeMemory(ElfRecord.SIZE_OF_SECTION);
        enter();
        try {
            int rc = findSection(name, section);
            if (!isThere(rc)) {
                return null;
            }
            long size = rc == 0 ? section.bytes().getLong(ElfRecord.SECTION_SIZE) : 0;
            if (size > 0 && size <= maximum) {
                NativeMemory out = new NativeMemory((int) size);
                if (read(section.bytes().getLong(ElfRecord.SECTION_OFFSET), out, 0, (int) size) == size) {
                    return out;
                }
            }
            return new NativeMemory(0);
        } finally {
            leave();
        }
    }

    /** Reads bytes. Returns how many were read before the end of the file or an error. The caller has entered. */
    int read(long offset, NativeMemory to, int at, int length) {
        if (content != null) {
            int count = (int) Math.max(0, Math.min(length, content.size() - offset));
            to.bytes().put(at, content.bytes(), (int) offset, count);
            return count;
        }
        int done = 0;
        while (done < length) {
            long got = NativeCalls.fileReadAt(descriptor, to.address() + at + done, length - done, offset + done);
            if (got <= 0) {
                break;
            }
            done += (int) got;
        }
        return done;
    }

    /** Returns the CRC-32 of the whole file, as {@code .gnu_debuglink} has it; -1: reading failed. */
    long crc() {
        CRC32 crc = new CRC32();
        NativeMemory buffer = new NativeMemory(1 << 16);
        enter();
        try {
            for (long offset = 0; offset < size(); ) {
                int got = read(offset, buffer, 0, buffer.size());
                if (got == 0) {
                    return -1;
                }
                ByteBuffer part = buffer.slice(0, got);
                crc.update(part);
                offset += got;
            }
            return crc.getValue();
        } finally {
            leaveAndKeep(buffer);
        }
    }

    private void leaveAndKeep(NativeMemory used) {
        used.keepUntilHere();
        leave();
    }

    @Override
    protected void release(long address) {
        if (file != null) {
            try {
                file.close();
            } catch (MapsException e) {
                // no AssertionError: the verifier would load that class when this one is first used
                throw new IllegalStateException("only a channel can fail to close, and none was opened", e);
            }
        } else if (descriptor >= 0) {
            NativeCalls.closeDescriptor(descriptor);
        }
    }

    @Override
    protected String name() {
        return "SymbolCache";
    }
}
