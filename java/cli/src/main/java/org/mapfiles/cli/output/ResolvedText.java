package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.lines.SourceFrame;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.SymbolInfo;

/** Prints resolved addresses as text: address, symbol + offset (file + offset), permissions, range. */
public final class ResolvedText extends ResolvedPrinter {
    private static final byte[] IN_NO_MAPPING = "  in no mapping\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] UNKNOWN = "  in an unknown mapping\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] PREFIX = {'0', 'x'};
    private static final byte[] GAP = {' ', ' '};
    private static final byte[] BEFORE_FILE = {' ', '('};
    private static final byte[] NO_NAME = {};
    /** Columns of a line of input that are shown before a long reason. */
    private static final int MIN_INPUT = 24;

    private final OutputStream out;
    /** Columns of the terminal; 0: unlimited. */
    private final int width;

    private final AddressLine addressLine;
    private final byte[] digits = new byte[16];
    /** For each mapping the parts of its lines before and after the offset, made when they are needed. */
    private byte[][] before = {};

    private byte[][] after = {};
    private final NameCache<byte[]> displayed = new NameCache<>();

    /**
     * Prints addresses of a process.
     *
     * @param isWide whether lines may be wider than the terminal
     */
    public ResolvedText(ProcessMaps maps, MapSnapshot snapshot, SymbolNames names, Terminal terminal, boolean isWide) {
        super(maps, snapshot, names);
        out = terminal.out();
        width = isWide ? 0 : terminal.width();
        addressLine = new AddressLine(width);
    }

    /**
     * Prints addresses of a saved file.
     *
     * @param isWide whether lines may be wider than the terminal
     */
    public ResolvedText(SavedMaps saved, SavedSymbols symbols, SymbolNames names, Terminal terminal, boolean isWide) {
        super(saved, symbols, names);
        out = terminal.out();
        width = isWide ? 0 : terminal.width();
        addressLine = new AddressLine(width);
    }

    @Override
    void printResolved(long address, int index, MapCursor mapping) throws IOException {
        if (width > 0) {
            printFitted(address, index, mapping);
        } else {
            printWhole(address, index, mapping);
        }
        printFrames(address);
        printReport(address);
    }

    private void printFitted(long address, int index, MapCursor mapping) throws IOException {
        SymbolInfo symbol = symbol(address, mapping);
        boolean isNamed = symbol.status() == SymbolInfo.Status.FOUND && symbol.name() != null;
        line(addressLine.of(
                "0x" + Long.toHexString(address) + "  ",
                isNamed ? symbolNames.display(symbol.name()) : null,
                isNamed ? symbol.offset() + distance(address, mapping) : 0,
                name(index, mapping).display(),
                address,
                mapping,
                permissions(mapping),
                ""));
    }

    private void line(String text) throws IOException {
        out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void printWhole(long address, int index, MapCursor mapping) throws IOException {
        if (index >= before.length || before[index] == null) {
            render(index, mapping);
        }
        SymbolInfo symbol = symbol(address, mapping);
        byte[] symbolName = symbol.status() == SymbolInfo.Status.FOUND ? display(symbol.name()) : NO_NAME;
        hex(address);
        out.write(GAP);
        if (symbolName.length > 0) {
            out.write(symbolName);
            hex(symbol.offset() + distance(address, mapping));
            out.write(BEFORE_FILE);
        }
        out.write(before[index]);
        hex(AddressLine.offset(address, mapping));
        if (symbolName.length > 0) {
            out.write(')');
        }
        out.write(after[index]);
    }

    /** Returns a name as it is printed before its offset. A profile has the same names many times. */
    private byte[] display(String name) {
        if (name == null) {
            return NO_NAME;
        }
        byte[] text = displayed.get(name);
        if (text == null) {
            text = (symbolNames.display(name) + " + ").getBytes(StandardCharsets.UTF_8);
            displayed.put(name, text, text.length);
        }
        return text;
    }

    @Override
    void printUnresolved(long address) throws IOException {
        hex(address);
        out.write(hasAllMappings() ? IN_NO_MAPPING : UNKNOWN);
    }

    @Override
    void unusable(long line, byte[] input, String reason) throws IOException {
        String head = line > 0 ? "line " + line + ": '" : "'";
        String end = "'  " + reason;
        String text = Printable.text(input);
        int left = width - TextWidth.of(head + end);
        String shown = width == 0 ? text : TextWidth.shortened(text, Math.max(left, MIN_INPUT));
        line(addressLine.prose(head + shown + end));
    }

    @Override
    public void printSample(byte[] line) throws IOException {
        line(addressLine.of(Printable.text(line)));
    }

    @Override
    public void snapshotRefreshed() {
        super.snapshotRefreshed();
        before = new byte[0][];
        after = new byte[0][];
    }

    private void render(int index, MapCursor mapping) throws IOException {
        if (index >= before.length) {
            before = Arrays.copyOf(before, Math.max(index + 1, 2 * before.length));
            after = Arrays.copyOf(after, before.length);
        }
        before[index] = (AddressLine.file(name(index, mapping).display()) + " + ").getBytes(StandardCharsets.UTF_8);
        after[index] =
                ("  " + permissions(mapping) + "  " + Hex.range(mapping) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private void hex(long value) throws IOException {
        int at = digits.length;
        long rest = value;
        do {
            digits[--at] = (byte) Character.forDigit((int) rest & 15, 16);
            rest >>>= 4;
        } while (rest != 0);
        out.write(PREFIX);
        out.write(digits, at, digits.length - at);
    }

    /** Prints the functions that are inlined at the address, then the one that contains them, with source lines. */
    private void printFrames(long address) throws IOException {
        List<SourceFrame> frames = frames(address);
        if (frames == null || frames.isEmpty()) {
            return;
        }
        for (int i = 0; i < frames.size(); i++) {
            SourceFrame frame = frames.get(i);
            line(addressLine.of("    "
                    + (frame.function() == null ? "?" : symbolNames.display(frame.function()))
                    + "  "
                    + (frame.file() == null ? "?" : Printable.text(frame.file()))
                    + (frame.line() < 0 ? "" : ":" + frame.line())
                    + (frame.line() < 0 || frame.column() < 0 ? "" : ":" + frame.column())
                    + (i < frames.size() - 1 ? "  inlined into" : "")));
        }
    }

    /** Prints the inlined methods, then the code and the region. */
    private void printReport(long address) throws IOException {
        AddressReport report = report(address);
        if (report == null) {
            return;
        }
        for (AddressReport.InlinedMethod method : report.inlined()) {
            line(addressLine.of("    "
                    + Printable.text(method.className() + '.' + method.methodName() + method.signature())
                    + " @ " + method.bytecode() + "  inlined into"));
        }
        StringBuilder line = new StringBuilder("    ");
        if (report.code() != null) {
            line.append(Printable.text(report.code()))
                    .append(" + 0x")
                    .append(Long.toHexString(report.codeOffset()))
                    .append(report.tier() >= 0 ? "  tier " + report.tier() : "")
                    .append("  ");
        }
        line.append(report.region()).append(report.isInferred() ? "?  " : "  ").append(Printable.text(report.detail()));
        line(addressLine.of(line.toString().stripTrailing()));
    }
}
