package org.mapfiles.cli.commands;

import org.mapfiles.cli.output.Table;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine.Option;

/** How rows are printed. */
final class ScreenOptions {
    @Option(names = "--wide", description = "All columns and whole names, on a terminal too.")
    private boolean wide;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    boolean isJson() {
        return json;
    }

    boolean isWide() {
        return wide;
    }

    /** Appends a part of the last line. On a terminal it is on a line of its own if it does not fit. */
    String joined(Terminal terminal, String text, String part) {
        int width = text.length() - text.lastIndexOf('\n') + 1 + part.length();
        return text + (wide || terminal.width() == 0 || width <= terminal.width() ? ", " : ",\n") + part;
    }

    Table table(Terminal terminal) {
        return new Table(terminal, wide);
    }
}
