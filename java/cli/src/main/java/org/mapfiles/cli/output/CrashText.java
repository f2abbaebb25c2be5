package org.mapfiles.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.Crash.Address.Role;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.SymbolInfo;

/** Prints a crash as text: the error, the addresses, the files. */
public final class CrashText extends CrashPrinter {
    private final Terminal terminal;
    /** The files that addresses belong to, by name. */
    private final Map<String, FileCheck> files = new TreeMap<>();

    private Role role;
    /** Whether no file is known to have the symbols of one of them. */
    private boolean hasUnverified;

    public CrashText(SavedMaps saved, SymbolNames names, Terminal terminal) {
        super(saved, names);
        this.terminal = terminal;
    }

    private void line(String text) throws IOException {
        terminal.out().write((text.stripTrailing() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    void begin(Crash crash) throws IOException {
        String error = crash.message().isEmpty()
                ? crash.signal() + (crash.tid() >= 0 ? "  thread " + crash.tid() : "")
                : crash.message();
        for (String fact : new String[] {error, crash.runtime(), crash.commandLine()}) {
            if (!fact.isEmpty()) {
                line(Printable.text(fact));
            }
        }
    }

    @Override
    void print(Crash.Address address, MapCursor mapping, boolean isInStack, boolean isContradicted) throws IOException {
        boolean isNewGroup = group(address.role()) != group(role);
        if (isNewGroup) {
            line("");
        }
        role = address.role();
        String place = !address.isKnown()
                ? address.problem()
                : place(address.address(), mapping, isContradicted) + (isInStack ? "  stack of the thread" : "");
        FileCheck check = check(mapping);
        if (check != null) {
            files.put(FileName.withoutQuery(mapping).display(), check);
            hasUnverified |= isUnverified(mapping);
        }
        if (role == Role.FRAME) {
            line(address.name() + "  " + Printable.text(address.text()));
            if (!place.isEmpty()) {
                line("     " + place);
            }
        } else {
            line(String.format("%-8s", Printable.text(address.name())) + " " + place
                    + (address.text().isEmpty() ? "" : "  " + Printable.text(address.text())));
        }
    }

    private static Role group(Role role) {
        return role == Role.FAULT ? Role.PC : role;
    }

    /** Returns an address and the place that it belongs to, as 'mapfiles resolve' prints it. */
    private String place(long address, MapCursor mapping, boolean isContradicted) {
        String hex = "0x" + Long.toHexString(address);
        if (mapping == null) {
            return hex + (isContradicted ? "  in mappings that contradict each other" : "  in no mapping");
        }
        String name = FileName.withoutQuery(mapping).display();
        long offset = address - mapping.start() + (mapping.isFileBacked() ? mapping.offset() : 0);
        String file = (name.isEmpty() ? "[anonymous]" : name) + " + 0x" + Long.toHexString(offset);
        SymbolInfo symbol = symbol(address, mapping);
        String symbolName = symbol.status() == SymbolInfo.Status.FOUND ? symbol.name() : null;
        return hex + "  "
                + (symbolName == null
                        ? file
                        : names.display(symbolName) + " + 0x" + Long.toHexString(symbol.offset()) + " (" + file + ")")
                + "  " + permissions(mapping) + "  " + Hex.range(mapping);
    }

    @Override
    void end() throws IOException {
        if (files.isEmpty()) {
            return;
        }
        line("");
        Table table = new Table(terminal);
        table.left("NOW").left("BUILD ID").left("FILE").left("WHY").endOfHead();
        for (Map.Entry<String, FileCheck> file : files.entrySet()) {
            FileCheck check = file.getValue();
            String buildId = SavedSymbols.buildId(check);
            table.cell(check.result().name().toLowerCase(Locale.ROOT))
                    .cell(buildId == null ? "?" : buildId)
                    .cell(file.getKey())
                    .cell(check.reason())
                    .endOfRow();
        }
        table.print();
        if (hasUnverified) {
            line("Functions are named in files that are the same, or with a debug file of the build ID."
                    + " Functions of other files are not named.");
        }
    }
}
