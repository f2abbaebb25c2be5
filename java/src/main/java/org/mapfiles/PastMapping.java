package org.mapfiles;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/** A mapping as it was at some time: an object of its own, immutable, that {@link MapTimeline} remembers. Thread-safe. */
public final class PastMapping implements Mapping {
    /** Bytes on the heap, about, without the name. */
    static final int HEAP_BYTES = 72;

    private static final byte[] NO_NAME = {};
    /** What the kernel adds to the path of a file that has none any more. */
    private static final byte[] DELETED = {' ', '(', 'd', 'e', 'l', 'e', 't', 'e', 'd', ')'};
    /** Permissions, and whether a file stands behind it: the bits that filters know. */
    private static final int FILTER = 0x1f;
    /** Those, and the kind. */
    private static final int SHOWN = FILTER | MapRecord.KIND_MASK << MapRecord.KIND_SHIFT;
    /** Of the flags that are kept: by the kernel's word, not from a picture. */
    private static final int TOLD = 1 << 31;

    private final long start;
    private final long end;
    private final long offset;
    private final long inode;
    private final int deviceMajor;
    private final int deviceMinor;
    private final int flags;
    private final byte[] name;

    PastMapping(long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name) {
        this.start = start;
        this.end = end;
        this.offset = offset;
        this.inode = inode;
        this.deviceMajor = deviceMajor;
        this.deviceMinor = deviceMinor;
        this.flags = flags;
        this.name = name;
    }

    /** A copy of what a window shows now; of its name, unless one of those that are known will do. */
    static PastMapping of(Mapping mapping, byte[] knownName) {
        byte[] name = knownName;
        if (!mapping.nameEquals(knownName)) {
            name = mapping.nameLength() == 0 ? NO_NAME : new byte[mapping.nameLength()];
            mapping.name(name, 0);
        }
        return new PastMapping(mapping.start(), mapping.end(), mapping.offset(), mapping.inode(), mapping.deviceMajor(),
                mapping.deviceMinor(), mapping.flags(), name);
    }

    /** A copy of what an event tells. */
    static PastMapping told(Mapping mapping) {
        byte[] name = new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return new PastMapping(mapping.start(), mapping.end(), mapping.offset(), mapping.inode(), mapping.deviceMajor(),
                mapping.deviceMinor(), mapping.flags() | TOLD, name);
    }

    /** What is left of it in a smaller range. */
    PastMapping part(long from, long to) {
        return new PastMapping(from, to, isFileBacked() ? offset + (from - start) : offset, inode, deviceMajor, deviceMinor, flags,
                name);
    }

    /** What of it is in the range of another one that overlaps it. */
    PastMapping within(PastMapping other) {
        return part(Long.compareUnsigned(start, other.start) < 0 ? other.start : start,
                Long.compareUnsigned(end, other.end) > 0 ? other.end : end);
    }

    /** Whether another mapping is equal in all that is shown of a mapping. */
    boolean isSame(Mapping other) {
        return other == this || (start == other.start() && end == other.end() && offset == other.offset()
                && (flags & SHOWN) == (other.flags() & SHOWN) && Mappings.haveSameNumbers(this, other) && other.nameEquals(name));
    }

    /** Whether another mapping is equal as far as its numbers are known: an event lacks some. */
    boolean isThat(PastMapping other) {
        return other == this || (start == other.start && end == other.end && offset == other.offset
                && (flags & FILTER) == (other.flags & FILTER) && mayBeFileOf(other) && Arrays.equals(name, other.name));
    }

    /**
     * Whether the numbers of the files, as far as they are known, are the same. An event may lack them, and on overlayfs the kernel
     * reports another device in an event than in the list of mappings.
     */
    private boolean mayBeFileOf(PastMapping other) {
        return inode == 0 || other.inode == 0 || (inode == other.inode
                && (isTold() != other.isTold() || (deviceMajor == other.deviceMajor && deviceMinor == other.deviceMinor)));
    }

    boolean isTold() {
        return (flags & TOLD) != 0;
    }

    /** Whether an address means the same in both, of which the other is newer: the same byte of the same file, or memory of one kind. */
    boolean meansTheSame(PastMapping other) {
        return isFileBacked() == other.isFileBacked() && mayBeFileOf(other)
                && (Arrays.equals(name, other.name) || isDeletedIn(other))
                && (!isFileBacked() || start - offset == other.start - other.offset);
    }

    /** A file that has another path, or has one again, may be another one: inodes are used again. */
    private boolean isDeletedIn(PastMapping newer) {
        int length = name.length;
        return inode != 0 && inode == newer.inode && newer.name.length == length + DELETED.length && newer.nameStartsWith(name)
                && Arrays.equals(newer.name, length, newer.name.length, DELETED, 0, DELETED.length);
    }

    byte[] rawName() {
        return name;
    }

    @Override
    public long start() {
        return start;
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long inode() {
        return inode;
    }

    @Override
    public int deviceMajor() {
        return deviceMajor;
    }

    @Override
    public int deviceMinor() {
        return deviceMinor;
    }

    @Override
    public int flags() {
        return flags & ~TOLD;
    }

    int keptFlags() {
        return flags;
    }

    /** 0, or -1 without a file: it stands alone. */
    @Override
    public int fileIndex() {
        return isFileBacked() ? 0 : -1;
    }

    @Override
    public int nameLength() {
        return name.length;
    }

    @Override
    public int name(byte[] to, int at) {
        Objects.requireNonNull(to, "to");
        Objects.checkFromIndexSize(at, name.length, to.length);
        System.arraycopy(name, 0, to, at, name.length);
        return name.length;
    }

    @Override
    public int name(ByteBuffer to) {
        Objects.requireNonNull(to, "to");
        if (name.length > to.remaining()) {
            throw new BufferOverflowException();
        }
        to.put(name);
        return name.length;
    }

    @Override
    public boolean nameEquals(byte[] bytes) {
        Objects.requireNonNull(bytes, "bytes");
        return Arrays.equals(name, bytes);
    }

    @Override
    public boolean nameStartsWith(byte[] prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return name.length >= prefix.length && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** As {@link Mapping#name()}. Allocates it. */
    @Override
    public String name() {
        return name.length == 0 ? null : new String(name, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return Mappings.describe(this);
    }
}
