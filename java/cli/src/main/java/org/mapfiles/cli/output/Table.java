package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints rows in aligned columns. Rows are printed a thousand at a time, so memory use does not grow with the table. A
 * column is as wide as the rows so far need; the last column is not padded.
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

    private static final int ROWS = 1000;
    private static final String END = "\033[0m";

    private final Terminal terminal;
    private final List<Boolean> rightAligned = new ArrayList<>();
    private final List<Integer> widths = new ArrayList<>();
    private final List<String> cells = new ArrayList<>();
    private final List<Colour> colours = new ArrayList<>();
    private int column;

    public Table(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Adds a right-aligned column. */
    public Table right(String head) {
        return column(head, true, 0);
    }

    /** Adds a left-aligned column. */
    public Table left(String head) {
        return column(head, false, 0);
    }

    /** Adds a right-aligned column of a minimum width, for rows that are printed later. */
    public Table right(String head, int width) {
        return column(head, true, width);
    }

    private Table column(String head, boolean right, int width) {
        rightAligned.add(right);
        widths.add(width);
        return cell(head, Colour.HEAD);
    }

    public void endOfHead() {
        column = 0;
    }

    public Table cell(String text) {
        return cell(text, Colour.PLAIN);
    }

    public Table cell(String text, Colour colour) {
        cells.add(text);
        colours.add(colour);
        widths.set(column, Math.max(widths.get(column), text.length()));
        column++;
        return this;
    }

    public void endOfRow() throws IOException {
        column = 0;
        if (cells.size() >= ROWS * widths.size()) {
            print();
        }
    }

    /** Prints the rows added since the last call. */
    public void print() throws IOException {
        OutputStream out = terminal.out();
        StringBuilder line = new StringBuilder();
        int columns = widths.size();
        for (int i = 0; i < cells.size(); i++) {
            append(line, cells.get(i), colours.get(i), i % columns);
            if (i % columns == columns - 1) {
                String text = cells.get(i).isEmpty() ? line.toString().stripTrailing() : line.toString();
                out.write(text.concat("\n").getBytes(StandardCharsets.UTF_8));
                line.setLength(0);
            }
        }
        cells.clear();
        colours.clear();
    }

    private void append(StringBuilder line, String text, Colour colour, int at) {
        boolean last = at == widths.size() - 1;
        String padding = last ? "" : " ".repeat(widths.get(at) - text.length());
        boolean coloured = terminal.isColoured() && colour != Colour.PLAIN && !text.isEmpty();
        line.append(at > 0 ? "  " : "")
                .append(rightAligned.get(at) ? padding : "")
                .append(coloured ? colour.code : "")
                .append(text)
                .append(coloured ? END : "")
                .append(rightAligned.get(at) ? "" : padding);
    }
}
