package org.mapfiles.timeline;

import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.MappingKind;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.RootAccess;

/** Makes, cuts and compares the mappings that are stored here. Mappings of one file share the bytes of its name. */
final class StoredMappings {
    /** Bytes on the heap, about, without the name. */
    static final int HEAP_BYTES = 72;

    private static final byte[] NO_NAME = {};
    /** What the kernel adds to the path of a file that has none any more. */
    private static final byte[] DELETED = {' ', '(', 'd', 'e', 'l', 'e', 't', 'e', 'd', ')'};
    /** Permissions, and whether a file stands behind it: the bits that filters know. */
    private static final int FILTER = 0x1f;
    /** Those, and the kind. */
    private static final int SHOWN = FILTER | MapRecord.KIND_MASK << MapRecord.KIND_SHIFT;
    private static final RootAccess ROOT;

    static {
        try {
            MethodHandles.lookup().ensureInitialized(ImmutableMapping.class); // which gives the access
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
        ROOT = RootAccess.get();
    }

    private StoredMappings() {
    }

    static ImmutableMapping of(long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name) {
        return (ImmutableMapping) ROOT.mapping(start, end, offset, inode, deviceMajor, deviceMinor, flags, name);
    }

    /** A copy of what a window shows now; of its name, unless one that is known will do. */
    static ImmutableMapping copy(Mapping mapping, byte[] knownName) {
        byte[] name = knownName;
        if (!mapping.nameEquals(knownName)) {
            name = nameOf(mapping);
        }
        return of(mapping.start(), mapping.end(), mapping.offset(), mapping.inode(), mapping.deviceMajor(), mapping.deviceMinor(),
                mapping.flags(), name);
    }

    /** A copy of what an event reports. */
    static ImmutableMapping ofEvent(Mapping mapping) {
        return of(mapping.start(), mapping.end(), mapping.offset(), mapping.inode(), mapping.deviceMajor(), mapping.deviceMinor(),
                mapping.flags() | MapRecord.REPORTED, nameOf(mapping));
    }

    private static byte[] nameOf(Mapping mapping) {
        byte[] name = mapping.nameLength() == 0 ? NO_NAME : new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return name;
    }

    static byte[] name(ImmutableMapping mapping) {
        return ROOT.name(mapping);
    }

    /** The flags to store: with whether an event reported it. */
    static int flags(ImmutableMapping mapping) {
        return ROOT.flags(mapping);
    }

    static boolean isReported(ImmutableMapping mapping) {
        return (ROOT.flags(mapping) & MapRecord.REPORTED) != 0;
    }

    /** What is left of a mapping in a smaller range. */
    static ImmutableMapping part(ImmutableMapping of, long from, long to) {
        return of(from, to, of.isFileBacked() ? of.offset() + (from - of.start()) : of.offset(), of.inode(), of.deviceMajor(),
                of.deviceMinor(), ROOT.flags(of), ROOT.name(of));
    }

    /** What of a mapping is in the range of another one that overlaps it. */
    static ImmutableMapping within(ImmutableMapping of, ImmutableMapping other) {
        return part(of, Long.compareUnsigned(of.start(), other.start()) < 0 ? other.start() : of.start(),
                Long.compareUnsigned(of.end(), other.end()) > 0 ? other.end() : of.end());
    }

    /** Whether a mapping is equal to another one in all that is shown of a mapping. */
    static boolean isSame(ImmutableMapping one, Mapping other) {
        return other == one || (one.start() == other.start() && one.end() == other.end() && one.offset() == other.offset()
                && (one.flags() & SHOWN) == (other.flags() & SHOWN) && one.inode() == other.inode() && haveSameDevice(one, other)
                && other.nameEquals(ROOT.name(one)));
    }

    /** Whether two mappings are equal as far as their numbers are known: an event lacks some. */
    static boolean mayBeSame(ImmutableMapping one, ImmutableMapping other) {
        return other == one || (one.start() == other.start() && one.end() == other.end() && one.offset() == other.offset()
                && (one.flags() & FILTER) == (other.flags() & FILTER) && mayBeOfOneFile(one, other)
                && Arrays.equals(ROOT.name(one), ROOT.name(other)));
    }

    /**
     * Whether the numbers of the files, as far as they are known, are the same. An event may lack them, and on overlayfs the kernel
     * reports another device in an event than in the list of mappings.
     */
    private static boolean mayBeOfOneFile(ImmutableMapping one, ImmutableMapping other) {
        return one.inode() == 0 || other.inode() == 0 || (one.inode() == other.inode()
                && (isReported(one) != isReported(other) || haveSameDevice(one, other)));
    }

    private static boolean haveSameDevice(Mapping one, Mapping other) {
        return one.deviceMajor() == other.deviceMajor() && one.deviceMinor() == other.deviceMinor();
    }

    /** Whether an address means the same in a mapping and a newer one: the same byte of the same file, or memory of one kind. */
    static boolean meansTheSame(ImmutableMapping one, ImmutableMapping newer) {
        return one.isFileBacked() == newer.isFileBacked() && mayBeOfOneFile(one, newer)
                && (Arrays.equals(ROOT.name(one), ROOT.name(newer)) || isDeletedIn(one, newer) || isNamedBy(one, newer))
                && (!one.isFileBacked() || one.start() - one.offset() == newer.start() - newer.offset());
    }

    /**
     * Whether an event reported private memory without a name, and a newer mapping has the name. The kernel writes the event of the first
     * brk(2) before it moves the program break, so the memory is not {@code [heap]} yet (mm/mmap.c).
     */
    static boolean isNamedBy(ImmutableMapping event, ImmutableMapping newer) {
        return isReported(event) && event.kind() == MappingKind.ANONYMOUS && newer.kind().isPrivateMemory() && newer.nameLength() > 0;
    }

    /** As {@link #isNamedBy}, where all else that filters know is the same. */
    static boolean isOnlyNamedBy(ImmutableMapping event, ImmutableMapping newer) {
        return isNamedBy(event, newer) && event.start() == newer.start() && event.end() == newer.end()
                && (event.flags() & FILTER) == (newer.flags() & FILTER);
    }

    /** A file that has another path, or has one again, may be another one: inodes are used again. */
    private static boolean isDeletedIn(ImmutableMapping one, ImmutableMapping newer) {
        byte[] name = ROOT.name(one);
        byte[] newerName = ROOT.name(newer);
        return one.inode() != 0 && one.inode() == newer.inode() && newerName.length == name.length + DELETED.length
                && newer.nameStartsWith(name)
                && Arrays.equals(newerName, name.length, newerName.length, DELETED, 0, DELETED.length);
    }
}
