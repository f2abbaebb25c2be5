package org.mapfiles;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.MapRecord;

/**
 * A copy of a mapping, made by {@link Mapping#copy}. Immutable and thread-safe.
 *
 * <p>Two of them are equal if range, offset, inode, device, flags and name are equal.
 */
public final class ImmutableMapping implements Mapping {
    private static final byte[] NO_NAME = {};

    static {
        Access.give();
    }

    private final long start;
    private final long end;
    private final long offset;
    private final long inode;
    private final int deviceMajor;
    private final int deviceMinor;
    private final int flags;
    private final byte[] name;

    ImmutableMapping(
            long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name) {
        this.start = start;
        this.end = end;
        this.offset = offset;
        this.inode = inode;
        this.deviceMajor = deviceMajor;
        this.deviceMinor = deviceMinor;
        this.flags = flags;
        this.name = name;
    }

    /** Returns a copy of a mapping as it is now. */
    static ImmutableMapping of(Mapping mapping) {
        byte[] name = mapping.nameLength() == 0 ? NO_NAME : new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return of(mapping, mapping.flags(), name);
    }

    /** Returns a mapping with the range and the file of another one. The name is not copied. */
    static ImmutableMapping of(Mapping mapping, int flags, byte[] name) {
        return new ImmutableMapping(
                mapping.start(),
                mapping.end(),
                mapping.offset(),
                mapping.inode(),
                mapping.deviceMajor(),
                mapping.deviceMinor(),
                flags,
                name);
    }

    /** Returns whether an event reported the mapping. */
    boolean isReported() {
        return (flags & MapRecord.REPORTED) != 0;
    }

    /** Returns the bytes of the name, which are not copied. */
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
        return flags & ~MapRecord.REPORTED;
    }

    /** Returns the flags with {@link MapRecord#REPORTED}. */
    int storedFlags() {
        return flags;
    }

    /** Returns 0, or -1 without a file: the mapping belongs to no snapshot. */
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

    /** Returns the name as {@link Mapping#name()}. Allocates the String. */
    @Override
    public @Nullable String name() {
        return name.length == 0 ? null : new String(name, StandardCharsets.UTF_8);
    }

    /** Returns this mapping. */
    @Override
    public ImmutableMapping copy() {
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ImmutableMapping && isEqual((ImmutableMapping) other);
    }

    private boolean isEqual(ImmutableMapping other) {
        return start == other.start
                && end == other.end
                && offset == other.offset
                && inode == other.inode
                && deviceMajor == other.deviceMajor
                && deviceMinor == other.deviceMinor
                && flags() == other.flags()
                && Arrays.equals(name, other.name);
    }

    @Override
    public int hashCode() {
        return Objects.hash(start, end, offset, inode, flags());
    }

    @Override
    public String toString() {
        return MappingText.describe(this);
    }
}
