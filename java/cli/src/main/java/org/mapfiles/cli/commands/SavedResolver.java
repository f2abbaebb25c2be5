package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.mapfiles.cli.output.ResolvedJson;
import org.mapfiles.cli.output.ResolvedPrinter;
import org.mapfiles.cli.output.ResolvedText;
import org.mapfiles.cli.output.SavedSymbols;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.SampleOwner;
import org.mapfiles.saved.SavedMaps;

/** Resolves addresses in the mappings that a file records. */
final class SavedResolver extends Resolver {
    private final SavedMaps saved;
    private final SavedSymbols symbols;
    private final boolean isJson;

    private SavedResolver(
            SavedMaps saved, SavedSymbols symbols, ResolvedPrinter printer, ResolveOptions options, Terminal terminal) {
        super(terminal, saved.snapshot(), printer, options);
        this.saved = saved;
        this.symbols = symbols;
        this.isJson = options.isJson();
    }

    static SavedResolver of(SavedMaps saved, ResolveOptions options, Terminal terminal) throws IOException {
        SavedSymbols symbols = new SavedSymbols(saved);
        ResolvedPrinter printer = options.isJson()
                ? new ResolvedJson(saved, symbols, options.names(), terminal.out())
                : new ResolvedText(saved, symbols, options.names(), terminal, options.isWide());
        return new SavedResolver(saved, symbols, printer, options, terminal);
    }

    @Override
    SampleOwner newOwner() {
        return SampleOwner.ofSaved(saved.pid().orElse(-1));
    }

    @Override
    void print(long address) throws IOException {
        if (saved.isContradicted(address)) {
            printer.printUnusable(
                    0,
                    ("0x" + Long.toHexString(address)).getBytes(StandardCharsets.US_ASCII),
                    "is in mappings that contradict each other");
        } else {
            super.print(address);
        }
    }

    /** Reports why functions of files are not named. JSON has the reason in each row. */
    void reportUnverified() {
        if (!isJson) {
            symbols.unverified().forEach((reason, files) -> terminal.report(files.message(reason)));
        }
    }
}
