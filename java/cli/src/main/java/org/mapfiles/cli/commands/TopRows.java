package org.mapfiles.cli.commands;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Keeps the first rows of an order, within a maximum: memory does not grow with the number of rows. */
final class TopRows<T> {
    /** Maximum number of rows that are kept: some 50 MB. */
    static final int MAX = 100_000;

    private final Comparator<T> order;
    private final PriorityQueue<T> lastFirst;
    private final int maximum;
    private long leftOut;

    /** @param top the number of rows that are kept; null: {@link #MAX} */
    TopRows(Comparator<T> order, Integer top) {
        this.order = order;
        maximum = top == null ? MAX : Math.min(top, MAX);
        lastFirst = new PriorityQueue<>(order.reversed());
    }

    void add(T row) {
        lastFirst.add(row);
        if (lastFirst.size() > maximum) {
            lastFirst.poll();
            leftOut++;
        }
    }

    /** Returns the rows in their order. */
    List<T> sorted() {
        List<T> sorted = new ArrayList<>(lastFirst);
        sorted.sort(order);
        return sorted;
    }

    /** Returns {@link #shown(long, long)} of the rows that are kept. */
    String shown() {
        return shown(lastFirst.size(), lastFirst.size() + leftOut);
    }

    /** Returns how many rows are shown, for the end of a list: {@code " (2 shown)"}; an empty text: all. */
    static String shown(long shown, long all) {
        return shown < all ? " (" + shown + " shown)" : "";
    }

    /** Returns how many rows were added and are not kept. */
    long leftOut() {
        return leftOut;
    }
}
