package org.mapfiles.cli.commands;

import org.mapfiles.cli.output.SymbolNames;
import picocli.CommandLine.Option;

/** The options for names of symbols. */
final class NameOptions {
    @Option(names = "--no-demangle", description = "Names of C++ and Rust as they are in the file.")
    private boolean isRaw;

    SymbolNames names() {
        return new SymbolNames(!isRaw);
    }
}
