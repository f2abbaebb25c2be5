package org.mapfiles.cli.output;

/**
 * A change of a recording of {@code watch --json}.
 *
 * @param millis since 1970
 * @param type of the row
 * @param mapping the new mapping, or the removed one; null: the row is about no mapping
 * @param wasStart first address before the change
 * @param wasEnd end before the change
 */
public record PageChange(long millis, Type type, PageMapping mapping, long wasStart, long wasEnd) {
    /** What happened. The page has the ordinal. */
    public enum Type {
        ADDED,
        REMOVED,
        CHANGED,
        EXEC,
        LOST
    }
}
