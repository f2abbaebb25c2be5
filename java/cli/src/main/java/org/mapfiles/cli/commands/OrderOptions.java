package org.mapfiles.cli.commands;

import java.util.Comparator;
import org.mapfiles.Mapping;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine.Option;

/** The order of rows, and how many of them are printed. */
final class OrderOptions {
    /** What rows are ordered by. The names are those of the option. */
    enum Key {
        size,
        rss,
        path,
        address
    }

    /** A row that can be ordered. */
    interface Row {
        long size();

        long rss();

        /** Returns the name as it is printed. */
        String path();

        long address();
    }

    /** A row for one mapping. */
    interface MappingRow extends Row {
        Mapping mapping();

        FileName name();

        MemoryColumns.Sums memory();

        @Override
        default long size() {
            return mapping().size();
        }

        @Override
        default long rss() {
            return memory().rss();
        }

        @Override
        default String path() {
            return name().display();
        }

        @Override
        default long address() {
            return mapping().start();
        }
    }

    @Option(names = "--sort", paramLabel = "KEY", description = "Order: ${COMPLETION-CANDIDATES}.")
    private Key key;

    @Option(
            names = "--top",
            paramLabel = "N",
            converter = Converters.OfNumber.class,
            description = "Only the first N rows; without --sort the largest.")
    private Integer top;

    /** Returns whether rows are ordered, which needs all of them before the first is printed. */
    boolean isOrdered() {
        return key != null || top != null;
    }

    /** Returns whether rows have to have their resident bytes. */
    boolean needsRss() {
        return key == Key.rss;
    }

    /** Returns the maximum number of rows to print; null: all. */
    Integer top() {
        return top;
    }

    /** Returns what is given for the order; null: nothing. */
    Key key() {
        return key;
    }

    /**
     * Returns an empty collection of rows, in the order that is given; else by RSS if that is a column, else by size.
     */
    <T extends Row> TopRows<T> rows(MemoryColumns columns) {
        Key largest = columns.hasRss() ? Key.rss : Key.size;
        return new TopRows<>(comparator(key == null ? largest : key), top);
    }

    /** Returns whether the largest sums are those with the largest RSS, and not those with the largest size. */
    boolean isByRss(MemoryColumns columns) {
        return columns.hasRss() && key != Key.size;
    }

    /** Returns whether the largest rows are first. */
    boolean isLargestFirst() {
        return isOrdered() && key != Key.path && key != Key.address;
    }

    private static <T extends Row> Comparator<T> comparator(Key by) {
        Comparator<T> byAddress = (a, b) -> Long.compareUnsigned(a.address(), b.address());
        switch (by) {
            case size:
                return OrderOptions.<T>bySize().thenComparing(byAddress);
            case rss:
                return Comparator.<T>comparingLong(Row::rss).reversed().thenComparing(byAddress);
            case path:
                return Comparator.<T, String>comparing(Row::path).thenComparing(byAddress);
            default:
                return byAddress;
        }
    }

    private static <T extends Row> Comparator<T> bySize() {
        return (a, b) -> Long.compareUnsigned(b.size(), a.size());
    }

    /** Reports rows that are left out because there are too many to order. */
    void reportLeftOut(Terminal terminal, TopRows<?> rows) {
        if ((top == null || top > TopRows.MAX) && rows.leftOut() > 0) {
            terminal.report("the first " + TopRows.MAX + " rows of the order are printed, " + rows.leftOut()
                    + " are left out: narrow the list, or leave out --sort");
        }
    }
}
