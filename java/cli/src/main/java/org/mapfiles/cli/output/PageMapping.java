package org.mapfiles.cli.output;

/**
 * A mapping of a page, or a part of one that a JVM uses for one purpose.
 *
 * @param start first address
 * @param end exclusive
 * @param entry the mapping
 * @param rss bytes of the range in memory; -1: unknown
 * @param region what a JVM uses the range for, as JSON shows it; null: unknown
 * @param detail more about the region; empty: none
 * @param isInferred whether the region is inferred
 */
public record PageMapping(
        long start, long end, StateEntry entry, long rss, String region, String detail, boolean isInferred) {
    /** Returns a whole mapping, without a region. */
    public static PageMapping of(StateEntry entry) {
        return new PageMapping(entry.start(), entry.end(), entry, entry.rss(), null, "", false);
    }

    /**
     * Returns whether a page can show the range: it consists of whole pages of 4 KiB, as all ranges of the kernel do.
     */
    public boolean isAligned() {
        return ((start | end) & (PageData.UNIT - 1)) == 0;
    }
}
