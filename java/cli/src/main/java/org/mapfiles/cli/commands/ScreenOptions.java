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

    Table table(Terminal terminal) {
        return new Table(terminal, wide);
    }
}
