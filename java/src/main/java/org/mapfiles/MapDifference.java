package org.mapfiles;

import java.util.List;
import java.util.Objects;

/**
 * The difference between two snapshots of a process, an earlier one and a later one, as changes that can be replayed.
 *
 * <pre>{@code
 * MapDifference.visit(before.cursor(), now.cursor(), visitor);
 * }</pre>
 *
 * <p><b>Replay:</b> a set that holds the mappings of the earlier snapshot, and to which each reported change is applied in turn, holds
 * the mappings of the later one at the end. It never holds two mappings that overlap: all removals are reported first, then the changes
 * in an order in which each new range is free, then the additions. Each mapping of the earlier snapshot is reported at most
 * once, and so is each one of the later snapshot.
 *
 * <p>A later mapping <em>continues</em> an earlier one if they overlap and have the same memory: of one file, at the same offset, or
 * memory without a file of one kind, where all private memory is one kind. A mapping with one successor is reported as changed if its range, its permissions or
 * its name are different; a file's name changes when the file is renamed or deleted, and that of
 * memory when it becomes {@code [heap]}. If a mapping was split, one of the parts is
 * reported as its successor, and the others by {@link Visitor#split}. If several were merged, one is reported as changed, and the
 * others by {@link Visitor#merged}. A library that replaced another one at the same addresses is removed and added.
 *
 * <p>Memory that was unmapped and mapped again at the same addresses, without a file or of the same file, is not reported: both
 * snapshots are equal there.
 *
 * <p>Allocates nothing. The time is proportional to the number of mappings of both. Each cursor belongs to the calling thread. If one
 * of the snapshots is refreshed meanwhile, the visit ends with an {@link IllegalStateException}.
 */
public final class MapDifference {
    /** Of a mapping that continues no other, or that no other continues. */
    private static final int NONE = -1;
    /** Of a mapping that was split or merged, and is not the one that is reported as changed. */
    private static final int PART = -2;

    private MapDifference() {
    }

    /**
     * Receives the changes, in the order in which they can be replayed. A mapping is valid during the call: it is one of the cursors that
     * were passed, and must not be moved.
     */
    public interface Visitor {
        /** Receives a mapping of the later snapshot that continues none of the earlier one. */
        void added(Mapping now);

        /** Receives a mapping of the earlier snapshot that none of the later one continues. */
        void removed(Mapping before);

        /** Receives a mapping and its successor, which has another range, other permissions or another name. */
        void changed(Mapping before, Mapping now);

        /**
         * Receives a mapping of the later snapshot that continues an earlier one whose successor is another mapping. For a replay it
         * is added, which is what this method does unless it is overridden.
         */
        default void split(Mapping now) {
            added(now);
        }

        /**
         * Receives a mapping of the earlier snapshot that is continued by a mapping which is reported as the successor of another one. For
         * a replay it is removed, which is what this method does unless it is overridden.
         */
        default void merged(Mapping before) {
            removed(before);
        }
    }

    /**
     * Reports the difference to a visitor.
     *
     * @param before of the earlier snapshot; is reset and moved
     * @param now of the later snapshot; is reset and moved
     * @throws IllegalArgumentException if both are the same cursor
     */
    public static void visit(MapCursor before, MapCursor now, Visitor visitor) {
        if (before == now) {
            throw new IllegalArgumentException("one cursor cannot walk two snapshots");
        }
        Objects.requireNonNull(visitor, "visitor");
        before.reset();
        now.reset();
        report(before, now, visitor);
    }

    /**
     * Reports the difference of two lists of mappings, such as copies of those of two snapshots. Allocates a constant amount.
     *
     * @param before the earlier mappings, in order of address, of which no two overlap
     * @param now the later mappings, likewise
     */
    public static void visit(List<ImmutableMapping> before, List<ImmutableMapping> now, Visitor visitor) {
        Objects.requireNonNull(before, "before");
        Objects.requireNonNull(now, "now");
        Objects.requireNonNull(visitor, "visitor");
        report(IndexedMappings.of(before), IndexedMappings.of(now), visitor);
    }

    private static void report(IndexedMappings before, IndexedMappings now, Visitor visitor) {
        if (reportRemovals(before, now, visitor)) {
            reportChanges(before, now, visitor);
        }
        reportAdditions(before, now, visitor);
    }

    /** Returns whether there are changes to report. */
    private static boolean reportRemovals(IndexedMappings before, IndexedMappings now, Visitor visitor) {
        boolean isChanged = false;
        int first = 0;
        for (int i = 0; i < before.mappingCount(); i++) {
            first = firstEndingAbove(before.mappingAt(i).start(), now, first);
            int partner = partner(before, i, now, first);
            if (partner == NONE) {
                visitor.removed(before.mappingAt(i));
            } else if (partner == PART) {
                visitor.merged(before.mappingAt(i));
            } else {
                isChanged |= !isEqual(before.mappingAt(i), now.mappingAt(partner));
            }
        }
        return isChanged;
    }

    private static void reportAdditions(IndexedMappings before, IndexedMappings now, Visitor visitor) {
        int first = 0;
        for (int i = 0; i < now.mappingCount(); i++) {
            first = firstEndingAbove(now.mappingAt(i).start(), before, first);
            int partner = partner(now, i, before, first);
            if (partner == NONE) {
                visitor.added(now.mappingAt(i));
            } else if (partner == PART) {
                visitor.split(now.mappingAt(i));
            }
        }
    }

    /**
     * Reports changed pairs. If a new range reaches up into the old one of the next pair, that one is reported first: a run of
     * such pairs is reported backwards. A range that reaches down needs the pair before it, which is reported before it anyway.
     */
    private static void reportChanges(IndexedMappings before, IndexedMappings now, Visitor visitor) {
        int first = 0;
        int runStart = NONE;
        int last = NONE;
        int lastPartner = NONE;
        for (int i = 0; i < before.mappingCount(); i++) {
            first = firstEndingAbove(before.mappingAt(i).start(), now, first);
            int partner = partner(before, i, now, first);
            if (partner < 0 || isEqual(before.mappingAt(i), now.mappingAt(partner))) {
                continue;
            }
            if (last == NONE || Long.compareUnsigned(now.mappingAt(lastPartner).end(), before.mappingAt(i).start()) <= 0) {
                reportRun(before, now, visitor, runStart, last, lastPartner);
                runStart = i;
            }
            last = i;
            lastPartner = partner;
        }
        reportRun(before, now, visitor, runStart, last, lastPartner);
    }

    private static void reportRun(IndexedMappings before, IndexedMappings now, Visitor visitor, int start, int end, int partner) {
        int old = end;
        int young = partner;
        while (old != NONE) {
            visitor.changed(before.mappingAt(old), now.mappingAt(young));
            if (old == start) {
                return;
            }
            long needed = before.mappingAt(old).start();
            do { // to the one that reaches into the range that was given up
                young--;
            } while (Long.compareUnsigned(now.mappingAt(young).start(), needed) >= 0);
            old = firstWithMemoryOf(now.mappingAt(young), before, firstOverlapping(now.mappingAt(young), before, old));
        }
    }

    /**
     * Returns the partner of a mapping: the index of the one that it continues, or that continues it, if each of the two is the first
     * such one of the other. Else {@link #NONE} or {@link #PART}.
     *
     * @param first the first of the others that ends above the start of the mapping
     */
    private static int partner(IndexedMappings of, int index, IndexedMappings others, int first) {
        int partner = firstWithMemoryOf(of.mappingAt(index), others, first);
        if (partner == NONE) {
            return NONE;
        }
        // Each step back ends at the one before that has the same memory: the steps of all are as many as the mappings.
        Mapping other = others.mappingAt(partner);
        for (int i = index - 1; i >= 0 && overlap(of.mappingAt(i), other); i--) {
            if (haveSameMemory(of.mappingAt(i), other)) {
                return PART;
            }
        }
        return partner;
    }

    private static int firstWithMemoryOf(Mapping mapping, IndexedMappings others, int first) {
        for (int i = first; i < others.mappingCount() && overlap(mapping, others.mappingAt(i)); i++) {
            if (haveSameMemory(mapping, others.mappingAt(i))) {
                return i;
            }
        }
        return NONE;
    }

    private static int firstEndingAbove(long address, IndexedMappings others, int first) {
        int i = first;
        while (i < others.mappingCount() && Long.compareUnsigned(others.mappingAt(i).end(), address) <= 0) {
            i++;
        }
        return i;
    }

    /** The first that overlaps a mapping, where another one that is not below it is known. */
    private static int firstOverlapping(Mapping mapping, IndexedMappings others, int known) {
        int i = known;
        while (i > 0 && Long.compareUnsigned(others.mappingAt(i - 1).end(), mapping.start()) > 0) {
            i--;
        }
        return i;
    }

    private static boolean overlap(Mapping one, Mapping other) {
        return Long.compareUnsigned(one.start(), other.end()) < 0 && Long.compareUnsigned(other.start(), one.end()) < 0;
    }

    private static boolean haveSameMemory(Mapping one, Mapping other) {
        boolean isOfOneKind = one.kind() == other.kind() || (one.kind().isPrivateMemory() && other.kind().isPrivateMemory());
        return isOfOneKind && one.isShared() == other.isShared() && one.isFileBacked() == other.isFileBacked()
                && mayBeOfOneFile(one, other)
                && (!one.isFileBacked() || one.start() - one.offset() == other.start() - other.offset());
    }

    private static boolean isEqual(Mapping before, Mapping now) {
        return before.start() == now.start() && before.end() == now.end() && before.flags() == now.flags()
                && before.offset() == now.offset() && haveSameNumbers(before, now) && haveSameName(before, now);
    }

    /** Whether two mappings have the same device and inode. */
    private static boolean haveSameNumbers(Mapping one, Mapping other) {
        return one.inode() == other.inode() && one.deviceMajor() == other.deviceMajor() && one.deviceMinor() == other.deviceMinor();
    }

    /**
     * Whether two mappings may be of one file, or both of none. An event may lack the file's numbers, and on overlayfs the kernel reports
     * others in an event than in the list of mappings: then the name decides.
     */
    private static boolean mayBeOfOneFile(Mapping one, Mapping other) {
        return haveSameNumbers(one, other) || ((isReported(one) || isReported(other)) && haveSameName(one, other));
    }

    private static boolean isReported(Mapping mapping) {
        return mapping instanceof ImmutableMapping && ((ImmutableMapping) mapping).isReported();
    }

    /** Whether two mappings have the same name, or both have none. */
    private static boolean haveSameName(Mapping one, Mapping other) {
        if (one instanceof ImmutableMapping) {
            return other.nameEquals(((ImmutableMapping) one).rawName());
        }
        if (other instanceof ImmutableMapping) {
            return one.nameEquals(((ImmutableMapping) other).rawName());
        }
        return ((MapCursor) one).isNameOf((MapCursor) other);
    }
}
