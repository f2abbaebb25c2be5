package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Prints rows in aligned columns. Rows are printed a thousand at a time, so memory use does not grow with the table. A
 * column is as wide as the rows so far need; the last column is not padded.
 *
 * <p>On a terminal no line is wider than the terminal: optional columns are left out, and the last column is shortened
 * in the middle, or is prose and goes on in the next lines. If that leaves too few columns, it is in a line of its own.
 * In a pipe nothing is left out, shortened or broken.
 */
public final class Table {
    /** The colour of a cell on a terminal. */
    public enum Colour {
        PLAIN(""),
        CODE("\033[32m"),
        FAINT("\033[2m"),
        HEAD("\033[1m");

        private final String code;

        Colour(String code) {
            this.code = code;
        }
    }

    /** A column. Its width may grow with each print. */
    private static final class Column {
        private final boolean isRight;
        private int width;
        /** Of an optional column the order in which columns are left out; 0: not optional. */
        private int rank;
        /** On a terminal cells are shortened to this; 0: not. */
        private int maximum;
        /** Whether wider cells shift their row instead of making the column wider. */
        private boolean isFixed;

        private boolean isHidden;
        /** Whether a cell goes on in the next lines. */
        private boolean isProse;

        Column(boolean isRight) {
            this.isRight = isRight;
        }
    }

    private static final int ROWS = 1000;
    /** Optional columns are left out until the last column has this width. */
    private static final int MIN_LAST = 16;

    /** With fewer columns a longer name is in a line of its own. */
    private static final int MIN_SHORTENED = 12;

    private static final String GAP = "  ";
    /** Of the last cell in a line of its own. */
    private static final String INDENT = "    ";

    private static final String END = "\033[0m";

    private final Terminal terminal;
    /** Columns of the terminal; 0: unlimited. */
    private final int lineWidth;

    private final List<Column> columns = new ArrayList<>();
    private final List<String> cells = new ArrayList<>();
    private final List<Colour> colours = new ArrayList<>();
    /** Of each cell its width; -1: it was not measured. */
    private int[] widths = new int[ROWS];

    private int column;
    private boolean isFitted;

    public Table(Terminal terminal) {
        this(terminal, false);
    }

    /** @param isWide whether lines may be wider than the terminal */
    public Table(Terminal terminal, boolean isWide) {
        this.terminal = terminal;
        lineWidth = isWide ? 0 : terminal.width();
    }

    /** Adds a right-aligned column. */
    public Table right(String head) {
        return add(head, true);
    }

    /** Adds a left-aligned column. */
    public Table left(String head) {
        return add(head, false);
    }

    /** Gives the last added column a width. Wider cells shift their row. */
    public Table fixed(int width) {
        last().width = Math.max(last().width, width);
        last().isFixed = true;
        return this;
    }

    /** Leaves the last added column out if the terminal is too narrow: those of the highest rank first. */
    public Table optional(int rank) {
        last().rank = rank;
        return this;
    }

    /** Shortens cells of the last added column on a terminal. */
    public Table atMost(int width) {
        last().maximum = width;
        return this;
    }

    /** Breaks cells of the last column into lines on a terminal. */
    public Table prose() {
        last().isProse = true;
        return this;
    }

    private Column last() {
        return columns.get(columns.size() - 1);
    }

    private Table add(String head, boolean isRight) {
        columns.add(new Column(isRight));
        return cell(head, Colour.HEAD);
    }

    public void endOfHead() {
        column = 0;
    }

    public Table cell(String text) {
        return cell(text, Colour.PLAIN);
    }

    public Table cell(String text, Colour colour) {
        Column to = columns.get(column);
        String shown = to.maximum > 0 && lineWidth > 0 ? TextWidth.shortened(text, to.maximum) : text;
        int width = -1;
        if (!to.isFixed && column < columns.size() - 1 || to.width == 0) {
            width = TextWidth.of(shown);
            to.width = Math.max(to.width, width);
        }
        widths = cells.size() < widths.length ? widths : Arrays.copyOf(widths, 2 * widths.length);
        widths[cells.size()] = width;
        cells.add(shown);
        colours.add(colour);
        column++;
        return this;
    }

    public void endOfRow() throws IOException {
        column = 0;
        if (cells.size() >= ROWS * columns.size()) {
            print();
        }
    }

    /** Prints the rows added since the last call. */
    public void print() throws IOException {
        if (!isFitted) {
            fit();
            isFitted = true;
        }
        terminal.removeProgress();
        OutputStream out = terminal.out();
        StringBuilder line = new StringBuilder();
        for (int from = 0; from < cells.size(); from += columns.size()) {
            line.setLength(0);
            append(line, from);
            out.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        }
        cells.clear();
        colours.clear();
    }

    /** Leaves out optional columns, until the terminal is wide enough or none is left. */
    private void fit() {
        while (lineWidth > 0) {
            int used = 0;
            for (Column each : columns.subList(0, columns.size() - 1)) {
                used += each.isHidden ? 0 : each.width + GAP.length();
            }
            Column first = columns.stream()
                    .filter(each -> each.rank > 0 && !each.isHidden)
                    .max(Comparator.comparingInt(each -> each.rank))
                    .orElse(null);
            if (used + MIN_LAST <= lineWidth || first == null) {
                return;
            }
            first.isHidden = true;
        }
    }

    /** Appends a row, whose cells begin at an index. */
    private void append(StringBuilder line, int from) {
        int used = 0;
        for (int i = 0; i < columns.size(); i++) {
            Column each = columns.get(i);
            if (each.isHidden) {
                continue;
            }
            String text = cells.get(from + i);
            if (i == columns.size() - 1) {
                appendLast(line, used, each.isProse, text, colours.get(from + i));
                return;
            }
            int width = widths[from + i] >= 0 ? widths[from + i] : TextWidth.of(text);
            if (each.isRight) {
                pad(line, each.width - width);
            }
            append(line, text, colours.get(from + i));
            if (!each.isRight) {
                pad(line, each.width - width);
            }
            line.append(GAP);
            used += Math.max(each.width, width) + GAP.length();
        }
    }

    /** Appends the last cell of a row. If there is no room for it, it is in a line of its own below the row. */
    private void appendLast(StringBuilder line, int used, boolean isProse, String text, Colour colour) {
        int left = lineWidth > 0 ? lineWidth - used : Integer.MAX_VALUE;
        int width = lineWidth > 0 ? TextWidth.of(text) : 0;
        int indent = used;
        if (left < Math.min(width, isProse ? MIN_LAST : MIN_SHORTENED)) {
            line.setLength(line.toString().stripTrailing().length());
            line.append('\n').append(INDENT);
            indent = INDENT.length();
            left = Math.max(lineWidth - indent, 1);
        }
        append(line, isProse ? TextWidth.broken(text, left, indent) : TextWidth.shortened(text, left), colour);
        if (text.isEmpty()) {
            line.setLength(line.toString().stripTrailing().length());
        }
    }

    private static void pad(StringBuilder line, int blanks) {
        if (blanks > 0) {
            line.append(" ".repeat(blanks));
        }
    }

    private void append(StringBuilder line, String text, Colour colour) {
        if (terminal.isColoured() && colour != Colour.PLAIN && !text.isEmpty()) {
            line.append(colour.code).append(text).append(END);
        } else {
            line.append(text);
        }
    }
}
