package org.mapfiles.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    /** On a terminal the path of a file and the reason share the columns that these leave. */
    private static final int NOW_COLUMNS = 12;

    private static final int BUILD_ID_COLUMNS = 42;
    /** A path has these columns before the build ID has any. */
    private static final int MIN_PATH = 32;
    /** The smallest page size. With larger pages fewer addresses are reported. */
    private static final int PAGE = 4096;

    private final Terminal terminal;
    private final boolean isWide;
    private final AddressLine addressLine;
    /** The files that addresses belong to, by name. */
    private final Map<String, FileCheck> files = new TreeMap<>();

    private Role role;
    /** Whether no file is known to have the symbols of one of them. */
    private boolean hasUnverified;

    /** @param isWide whether lines may be wider than the terminal */
    public CrashText(SavedMaps saved, SymbolNames names, Terminal terminal, boolean isWide) {
        super(saved, names);
        this.terminal = terminal;
        this.isWide = isWide;
        addressLine = new AddressLine(isWide ? 0 : terminal.width());
    }

    private void line(String text) throws IOException {
        terminal.out().write((text.stripTrailing() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    void begin(Crash crash) throws IOException {
        String error = crash.message().isEmpty() ? signal(crash) : crash.message();
        for (String fact : new String[] {error, crash.runtime(), crash.commandLine()}) {
            if (!fact.isEmpty()) {
                line(addressLine.prose(Printable.text(fact)));
            }
        }
    }

    /** Returns the first line of a core file, which has no message. That of gcore(1) has no signal. */
    private String signal(Crash crash) {
        return (crash.signal().isEmpty() ? "no signal is recorded" : crash.signal())
                + (pid().isPresent() ? "  process " + pid().getAsLong() : "")
                + (crash.tid() >= 0 ? "  thread " + Long.toUnsignedString(crash.tid()) : "");
    }

    @Override
    void print(Crash.Address address, MapCursor mapping, Stack stack, boolean isContradicted) throws IOException {
        boolean isNewGroup = group(address.role()) != group(role);
        if (isNewGroup) {
            line("");
        }
        role = address.role();
        FileCheck check = check(mapping);
        if (check != null) {
            files.put(FileName.withoutQuery(mapping).display(), check);
            hasUnverified |= isUnverified(mapping);
        }
        String end = stack == Stack.INSIDE
                ? "  stack of the thread"
                : stack == Stack.SAME_MAPPING ? "  mapping of the stack pointer" : "";
        if (role == Role.FRAME) {
            line(addressLine.of(address.name() + "  " + Printable.text(address.text())));
            if (address.isKnown() || !address.problem().isEmpty()) {
                line(place("     ", address, mapping, isContradicted, end));
            }
        } else {
            String text = (address.text().isEmpty() ? "" : "  " + Printable.text(address.text()))
                    + (isAfterEnd(address, mapping, check)
                            ? ": after the end of the file at the path, which has "
                                    + check.size().getAsLong() + " bytes now"
                            : "");
            String name = (role == Role.THREAD ? "thread " : "") + Printable.text(address.name());
            line(place(String.format("%-7s  ", name), address, mapping, isContradicted, end + text));
        }
    }

    /** Returns whether the page of a SIGBUS is after the end of the file that is at the path now (mmap(2)). */
    private static boolean isAfterEnd(Crash.Address address, MapCursor mapping, FileCheck check) {
        return address.role() == Role.FAULT
                && address.text().equals("BUS_ADRERR")
                && check != null
                && check.size().isPresent()
                && Long.compareUnsigned(
                                mapping.fileOffset(address.address()) & -PAGE,
                                check.size().getAsLong())
                        >= 0;
    }

    private static Role group(Role role) {
        return role == Role.FAULT ? Role.PC : role;
    }

    /** Returns the line of an address and of the place that it belongs to, as 'mapfiles resolve' prints it. */
    private String place(
            String indent, Crash.Address crashAddress, MapCursor mapping, boolean isContradicted, String end) {
        if (!crashAddress.isKnown()) {
            return addressLine.of(indent + crashAddress.problem() + end);
        }
        long address = crashAddress.address();
        String head = indent + "0x" + Long.toHexString(address) + "  ";
        if (mapping == null) {
            String why = isContradicted
                    ? "in mappings that contradict each other"
                    : hasAllMappings() ? "in no mapping" : "in an unknown mapping";
            return addressLine.of(head + why + end);
        }
        SymbolInfo symbol = symbol(address, mapping);
        String symbolName = symbol.status() == SymbolInfo.Status.FOUND ? symbol.name() : null;
        return addressLine.of(
                head,
                symbolName == null ? null : names.display(symbolName),
                symbolName != null ? symbol.offset() + distance(address, mapping) : 0,
                FileName.withoutQuery(mapping).display(),
                address,
                mapping,
                permissions(mapping),
                end);
    }

    @Override
    void end() throws IOException {
        if (files.isEmpty()) {
            return;
        }
        line("");
        Table table = new Table(terminal, isWide);
        int width = terminal.width();
        int half =
                Math.max(Math.min(MIN_PATH, (width - NOW_COLUMNS) / 2), (width - NOW_COLUMNS - BUILD_ID_COLUMNS) / 2);
        table.left("NOW").left("BUILD ID").optional(1).left("FILE");
        (isWide ? table : table.atMost(half)).left("WHY").prose().endOfHead();
        for (Map.Entry<String, FileCheck> file : files.entrySet()) {
            FileCheck check = file.getValue();
            String buildId = SavedSymbols.buildId(check);
            table.cell(Printable.words(JsonLines.constant(check.result())))
                    .cell(buildId == null ? "?" : buildId)
                    .cell(file.getKey())
                    .cell(check.reason())
                    .endOfRow();
        }
        table.print();
        if (hasUnverified) {
            line(addressLine.prose(
                    "Functions are named in files that are the same, or with a debug file of the build ID."
                            + " Functions of other files are not named."));
        }
    }
}
