package org.mapfiles;

import java.util.List;
import java.util.Objects;

/**
 * Reports the difference between an earlier and a later snapshot of a process as changes that can be replayed.
 *
 * <pre>{@code
 * MapDifference.visit(before.cursor(), now.cursor(), visitor);
 * }</pre>
 *
 * <p><b>Replay:</b> begin with the mappings of the earlier snapshot and apply each change in order. The result is the
 * mappings of the later snapshot. Mappings never overlap in between: all removals are reported first, then the changes
 * in an order in which each new range is free, then the additions. Each mapping of either snapshot is reported at most
 * once.
 *
 * <p>A later mapping <em>continues</em> an earlier one if they overlap and have the same memory: the same file at the
 * same offset, or memory without a file of one kind. All private memory is one kind. A mapping with one successor is
 * reported as changed if range, permissions or name differ. The name of a file changes when it is renamed or deleted,
 * that of memory when it becomes {@code [heap]}. If a mapping was split, one piece is reported as its successor, and
 * the others by {@link Visitor#split}. If several mappings were merged, one is reported as changed, and the others by
 * {@link Visitor#merged}. If a library replaced another one at the same addresses, a removal and an addition are
 * reported.
 *
 * <p>Memory that was unmapped and mapped again at the same addresses is not reported if both snapshots are equal there.
 *
 * <p>Allocates nothing. The time is proportional to the number of mappings of both snapshots. Each cursor belongs to
 * the calling thread. If one of the snapshots is refreshed during the visit, the visit throws
 * {@link IllegalStateException}.
 */
public final class MapDifference {
    /** Partner of a mapping that continues no other, or that no other continues. */
    private static final int NONE = -1;
    /** Partner of a mapping that was split or merged and is not the one that is reported as changed. */
    private static final int PIECE = -2;

    private MapDifference() {}

    /**
     * Receives the changes, in an order to replay them. A mapping is valid only during the call: it is one of the
     * cursors that were passed, and must not be moved.
     */
    public interface Visitor {
        /**
         * Receives a mapping of the later snapshot that continues no mapping of the earlier one.
         *
         * @param now the mapping
         */
        void added(Mapping now);

        /**
         * Receives a mapping of the earlier snapshot that no mapping of the later one continues.
         *
         * @param before the mapping
         */
        void removed(Mapping before);

        /**
         * Receives a mapping and its successor, which has another range, other permissions or another name.
         *
         * @param before the mapping of the earlier snapshot
         * @param now its successor
         */
        void changed(Mapping before, Mapping now);

        /**
         * Receives a mapping of the later snapshot that continues an earlier mapping whose successor is another one. A
         * replay adds it: the default implementation calls {@link #added}.
         *
         * @param now the mapping
         */
        default void split(Mapping now) {
            added(now);
        }

        /**
         * Receives a mapping of the earlier snapshot that is continued by the successor of another one. A replay
         * removes it: the default implementation calls {@link #removed}.
         *
         * @param before the mapping
         */
        default void merged(Mapping before) {
            removed(before);
        }
    }

    /**
     * Reports the difference to a visitor.
     *
     * @param before cursor of the earlier snapshot; it is reset and moved
     * @param now cursor of the later snapshot; it is reset and moved
     * @param visitor receives the changes on the calling thread
     * @throws IllegalArgumentException if both are the same cursor
     * @throws IllegalStateException if a snapshot is refreshed during the visit
     */
    public static void visit(MapCursor before, MapCursor now, Visitor visitor) {
        if (before == now) {
            throw new IllegalArgumentException("both cursors are the same object: pass one cursor of each snapshot");
        }
        Objects.requireNonNull(visitor, "visitor");
        before.reset();
        now.reset();
        report(before, now, visitor);
    }

    /**
     * Reports the difference of two lists of mappings, such as copies of two snapshots. Allocates a constant amount.
     *
     * @param before the earlier mappings, in order of address and without overlaps
     * @param now the later mappings, in order of address and without overlaps
     * @param visitor receives the changes on the calling thread
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
            } else if (partner == PIECE) {
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
            } else if (partner == PIECE) {
                visitor.split(now.mappingAt(i));
            }
        }
    }

    /**
     * Reports changed pairs. If a new range reaches up into the old range of the next pair, the next pair is reported
     * first: a run of such pairs is reported backwards. A range that reaches down into the pair before it needs no
     * reordering.
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
            if (last == NONE
                    || Long.compareUnsigned(
                                    now.mappingAt(lastPartner).end(),
                                    before.mappingAt(i).start())
                            <= 0) {
                reportRun(before, now, visitor, runStart, last, lastPartner);
                runStart = i;
            }
            last = i;
            lastPartner = partner;
        }
        reportRun(before, now, visitor, runStart, last, lastPartner);
    }

    private static void reportRun(
            IndexedMappings before, IndexedMappings now, Visitor visitor, int start, int end, int partner) {
        int old = end;
        int young = partner;
        while (old != NONE) {
            visitor.changed(before.mappingAt(old), now.mappingAt(young));
            if (old == start) {
                return;
            }
            long needed = before.mappingAt(old).start();
            do { // down to the mapping that reaches into the free range
                young--;
            } while (Long.compareUnsigned(now.mappingAt(young).start(), needed) >= 0);
            old = firstWithMemoryOf(now.mappingAt(young), before, firstOverlapping(now.mappingAt(young), before, old));
        }
    }

    /**
     * Returns the partner of a mapping: the index of the mapping that it continues, or that continues it, if each of
     * the two is the first such mapping of the other. Otherwise returns {@link #NONE} or {@link #PIECE}.
     *
     * @param first the first of the others that ends above the start of the mapping
     */
    private static int partner(IndexedMappings of, int index, IndexedMappings others, int first) {
        int partner = firstWithMemoryOf(of.mappingAt(index), others, first);
        if (partner == NONE) {
            return NONE;
        }
        // Each loop ends at the previous mapping with the same memory, so all loops together are linear.
        Mapping other = others.mappingAt(partner);
        for (int i = index - 1; i >= 0 && overlap(of.mappingAt(i), other); i--) {
            if (haveSameMemory(of.mappingAt(i), other)) {
                return PIECE;
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
        while (i < others.mappingCount()
                && Long.compareUnsigned(others.mappingAt(i).end(), address) <= 0) {
            i++;
        }
        return i;
    }

    /** Returns the index of the first mapping that overlaps a mapping, given an index that is not below it. */
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
        boolean isOfOneKind = one.kind() == other.kind()
                || (one.kind().isPrivateMemory() && other.kind().isPrivateMemory());
        return isOfOneKind
                && one.isShared() == other.isShared()
                && one.isFileBacked() == other.isFileBacked()
                && mayBeOfOneFile(one, other)
                && (!one.isFileBacked() || one.start() - one.offset() == other.start() - other.offset());
    }

    private static boolean isEqual(Mapping before, Mapping now) {
        return before.start() == now.start()
                && before.end() == now.end()
                && before.flags() == now.flags()
                && before.offset() == now.offset()
                && haveSameNumbers(before, now)
                && haveSameName(before, now);
    }

    /** Returns whether two mappings have the same device and inode. */
    private static boolean haveSameNumbers(Mapping one, Mapping other) {
        return one.inode() == other.inode()
                && one.deviceMajor() == other.deviceMajor()
                && one.deviceMinor() == other.deviceMinor();
    }

    /**
     * Returns whether two mappings may have the same file, or both have none. An event may lack device and inode, and
     * on overlayfs an event has other numbers than /proc/PID/maps: then the names are compared.
     */
    private static boolean mayBeOfOneFile(Mapping one, Mapping other) {
        return haveSameNumbers(one, other) || ((isReported(one) || isReported(other)) && haveSameName(one, other));
    }

    private static boolean isReported(Mapping mapping) {
        return mapping instanceof ImmutableMapping && ((ImmutableMapping) mapping).isReported();
    }

    /** Returns whether two mappings have the same name, or both have none. */
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
