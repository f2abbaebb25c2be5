package org.mapfiles.timeline;

import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.RootAccess;

/** Makes, cuts and compares the mappings of a timeline. Mappings of one file share the bytes of its name. */
final class StoredMappings {
    /** Approximate size of a mapping on the Java heap without its name, in bytes. */
    static final int HEAP_BYTES = 72;

    private static final byte[] NO_NAME = {};
    /** The suffix that the kernel adds to the path of a deleted file. */
    private static final byte[] DELETED = {' ', '(', 'd', 'e', 'l', 'e', 't', 'e', 'd', ')'};
    /** The flags of filters: permissions, and whether the mapping has a file. */
    private static final int FILTER = 0x1f;
    /** The flags of filters and the kind. */
    private static final int COMPARED = FILTER | MapRecord.KIND_MASK << MapRecord.KIND_SHIFT;

    private static final RootAccess ROOT;

    static {
        try {
            // its static initializer sets the access
            MethodHandles.lookup().ensureInitialized(ImmutableMapping.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
        ROOT = RootAccess.get();
    }

    private StoredMappings() {}

    static ImmutableMapping of(
            long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name) {
        return (ImmutableMapping) ROOT.mapping(start, end, offset, inode, deviceMajor, deviceMinor, flags, name);
    }

    /** Returns a copy of a mapping as it is now. Copies the name only if it differs from {@code knownName}. */
    static ImmutableMapping copy(Mapping mapping, byte[] knownName) {
        byte[] name = mapping.nameEquals(knownName) ? knownName : nameOf(mapping);
        return (ImmutableMapping) ROOT.mapping(mapping, mapping.flags(), name);
    }

    /** Returns a copy of the mapping of an event. */
    static ImmutableMapping ofEvent(Mapping mapping) {
        return (ImmutableMapping) ROOT.mapping(mapping, mapping.flags() | MapRecord.REPORTED, nameOf(mapping));
    }

    private static byte[] nameOf(Mapping mapping) {
        byte[] name = mapping.nameLength() == 0 ? NO_NAME : new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return name;
    }

    static byte[] name(ImmutableMapping mapping) {
        return ROOT.name(mapping);
    }

    /** Returns the flags with {@link MapRecord#REPORTED}. */
    static int flags(ImmutableMapping mapping) {
        return ROOT.flags(mapping);
    }

    static boolean isReported(ImmutableMapping mapping) {
        return (ROOT.flags(mapping) & MapRecord.REPORTED) != 0;
    }

    /** Returns a mapping cut to a smaller range. */
    static ImmutableMapping cut(ImmutableMapping of, long from, long to) {
        return of(
                from,
                to,
                of.isFileBacked() ? of.offset() + (from - of.start()) : of.offset(),
                of.inode(),
                of.deviceMajor(),
                of.deviceMinor(),
                ROOT.flags(of),
                ROOT.name(of));
    }

    /** Returns a mapping cut to the range of another one that overlaps it. */
    static ImmutableMapping within(ImmutableMapping of, ImmutableMapping other) {
        return cut(
                of,
                Long.compareUnsigned(of.start(), other.start()) < 0 ? other.start() : of.start(),
                Long.compareUnsigned(of.end(), other.end()) > 0 ? other.end() : of.end());
    }

    /** Returns whether two mappings have equal ranges, offsets, permissions, kinds, files and names. */
    static boolean isSame(ImmutableMapping one, Mapping other) {
        return other == one
                || (one.start() == other.start()
                        && one.end() == other.end()
                        && one.offset() == other.offset()
                        && (one.flags() & COMPARED) == (other.flags() & COMPARED)
                        && one.inode() == other.inode()
                        && haveSameDevice(one, other)
                        && other.nameEquals(ROOT.name(one)));
    }

    /** Returns whether two mappings are equal as far as their numbers are known: an event lacks some of them. */
    @SuppressWarnings("ReferenceEquality") // the quick case, before the comparison of fields
    static boolean mayBeSame(ImmutableMapping one, ImmutableMapping other) {
        return other == one
                || (one.start() == other.start()
                        && one.end() == other.end()
                        && one.offset() == other.offset()
                        && (one.flags() & FILTER) == (other.flags() & FILTER)
                        && mayBeOfOneFile(one, other)
                        && Arrays.equals(ROOT.name(one), ROOT.name(other)));
    }

    /**
     * Returns whether the numbers of the files are equal as far as they are known. An event may lack them, and on
     * overlayfs an event has another device than /proc/PID/maps.
     */
    private static boolean mayBeOfOneFile(ImmutableMapping one, ImmutableMapping other) {
        return one.inode() == 0
                || other.inode() == 0
                || (one.inode() == other.inode()
                        && (isReported(one) != isReported(other) || haveSameDevice(one, other)));
    }

    private static boolean haveSameDevice(Mapping one, Mapping other) {
        return one.deviceMajor() == other.deviceMajor() && one.deviceMinor() == other.deviceMinor();
    }

    /**
     * Returns whether an address has the same byte of the same file in a mapping and a newer one, or memory without a
     * file in both.
     */
    static boolean haveSameContent(ImmutableMapping one, ImmutableMapping newer) {
        return one.isFileBacked() == newer.isFileBacked()
                && mayBeOfOneFile(one, newer)
                && (Arrays.equals(ROOT.name(one), ROOT.name(newer)) || isDeletedIn(one, newer) || isNamedBy(one, newer))
                && (!one.isFileBacked() || one.start() - one.offset() == newer.start() - newer.offset());
    }

    /**
     * Returns whether an event reported private memory without a name, and a newer mapping has the name. The kernel
     * writes the event of the first brk(2) before it moves the program break, so the memory is not {@code [heap]} yet
     * (mm/mmap.c).
     */
    static boolean isNamedBy(ImmutableMapping event, ImmutableMapping newer) {
        return isReported(event)
                && event.kind() == Mapping.Kind.ANONYMOUS
                && newer.kind().isPrivateMemory()
                && newer.nameLength() > 0;
    }

    /** As {@link #isNamedBy}, and range and permissions are equal. */
    static boolean isOnlyNamedBy(ImmutableMapping event, ImmutableMapping newer) {
        return isNamedBy(event, newer)
                && event.start() == newer.start()
                && event.end() == newer.end()
                && (event.flags() & FILTER) == (newer.flags() & FILTER);
    }

    /**
     * Returns whether the file of a mapping is deleted in a newer one. Any other path may be another file, because
     * inodes are reused.
     */
    private static boolean isDeletedIn(ImmutableMapping one, ImmutableMapping newer) {
        byte[] name = ROOT.name(one);
        byte[] newerName = ROOT.name(newer);
        return one.inode() != 0
                && one.inode() == newer.inode()
                && newerName.length == name.length + DELETED.length
                && newer.nameStartsWith(name)
                && Arrays.equals(newerName, name.length, newerName.length, DELETED, 0, DELETED.length);
    }
}
