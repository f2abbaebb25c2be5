package org.mapfiles;

import java.util.Objects;

/**
 * What is different between two pictures of a process: an earlier and a later one.
 *
 * <pre>{@code
 * MapDifference.visit(before.cursor(), now.cursor(), visitor);
 * }</pre>
 *
 * <p>A later mapping <em>continues</em> an earlier one if they overlap and show the same bytes: of one file, at the same place, or
 * memory without a file of one kind. Of such a pair, range, permissions and name may have changed: a file's name does when it
 * is renamed or deleted. A mapping that was split is continued by several, and several that were merged are continued by one;
 * each pair is told. What is continued by none is removed, what continues none is added, so a library that took the place
 * of another is both.
 *
 * <p>Memory without a file that was unmapped and mapped again at the same place looks as if it had stayed; so does a file.
 *
 * <p>Allocates nothing; takes time in proportion to the mappings of both. Each cursor belongs to the calling thread; a snapshot
 * that shows a new picture meanwhile ends the visit with an {@link IllegalStateException}.
 */
public final class MapDifference {
    private MapDifference() {
    }

    /**
     * Is told of differences in the order of where mappings end, of a pair the one that ends first. The mappings are the cursors
     * that were given, on their way: they are to be read, not moved.
     */
    public interface Visitor {
        /** A mapping that continues none of the earlier picture. */
        void added(Mapping now);

        /** A mapping that none of the later picture continues. */
        void removed(Mapping before);

        /** A mapping and one that continues it, with another range, other permissions or another name. */
        void changed(Mapping before, Mapping now);
    }

    /**
     * Tells a visitor what is different.
     *
     * @param before of the earlier picture; is reset, and ends behind the last mapping
     * @param now of the later picture, likewise; another cursor
     * @throws IllegalArgumentException if both are the same cursor
     */
    public static void visit(MapCursor before, MapCursor now, Visitor visitor) {
        if (before == now) {
            throw new IllegalArgumentException("one cursor cannot walk two pictures");
        }
        Objects.requireNonNull(visitor, "visitor");
        before.reset();
        now.reset();
        boolean isBefore = before.next();
        boolean isNow = now.next();
        boolean isContinued = false;
        boolean continues = false;
        while (isBefore || isNow) {
            // Whichever ends first has met all that it can overlap.
            int order = !isBefore ? 1 : !isNow ? -1 : Long.compareUnsigned(before.end(), now.end());
            if (isBefore && isNow && overlap(before, now) && showTheSame(before, now)) {
                isContinued = true;
                continues = true;
                if (!isEqual(before, now)) {
                    visitor.changed(before, now);
                }
            }
            if (order <= 0) {
                if (!isContinued) {
                    visitor.removed(before);
                }
                isContinued = false;
                isBefore = before.next();
            }
            if (order >= 0) {
                if (!continues) {
                    visitor.added(now);
                }
                continues = false;
                isNow = now.next();
            }
        }
    }

    private static boolean overlap(MapCursor one, MapCursor other) {
        return Long.compareUnsigned(one.start(), other.end()) < 0 && Long.compareUnsigned(other.start(), one.end()) < 0;
    }

    private static boolean showTheSame(MapCursor before, MapCursor now) {
        return before.kind() == now.kind() && before.isShared() == now.isShared() && before.isFileBacked() == now.isFileBacked()
                && before.inode() == now.inode() && before.deviceMajor() == now.deviceMajor()
                && before.deviceMinor() == now.deviceMinor()
                && (!before.isFileBacked() || before.start() - before.offset() == now.start() - now.offset());
    }

    private static boolean isEqual(MapCursor before, MapCursor now) {
        return before.start() == now.start() && before.end() == now.end() && before.flags() == now.flags()
                && before.offset() == now.offset() && before.isNameOf(now);
    }
}
