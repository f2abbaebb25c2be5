package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.lines.SourceFrame;
import org.mapfiles.saved.SavedMaps;

/** Prints resolved addresses as JSON Lines. */
public final class ResolvedJson extends ResolvedPrinter {
    /** A power of two. */
    private static final int MAX_PARTS = 1 << 10;

    private final long pid;
    private final JsonLines lines;
    /** The fields that each row of an address begins with; null: not written yet. */
    private byte[] beginning;

    /**
     * The fields of mappings, which are the same for all addresses in one. The index of a mapping chooses the place.
     */
    private final byte[][] parts = new byte[MAX_PARTS][];

    private final int[] indices = new int[MAX_PARTS];

    public ResolvedJson(ProcessMaps maps, MapSnapshot snapshot, SymbolNames names, OutputStream out)
            throws IOException {
        super(maps, snapshot, names);
        this.pid = maps.pid();
        this.lines = new JsonLines(out);
    }

    /** Prints addresses of a saved file. */
    public ResolvedJson(SavedMaps saved, SavedSymbols symbols, SymbolNames names, OutputStream out) throws IOException {
        super(saved, symbols, names);
        this.pid = saved.pid().orElse(0);
        this.lines = new JsonLines(out);
    }

    @Override
    void printResolved(long address, int index, MapCursor mapping) throws IOException {
        FileName name = name(index, mapping); // may fail, so it comes before the row begins
        beginAddress(address);
        int slot = index & (MAX_PARTS - 1);
        if (parts[slot] != null && indices[slot] == index) {
            lines.fields(parts[slot]);
        } else {
            int start = lines.length();
            lines.mapping(mapping, name, permissions(mapping));
            parts[slot] = lines.from(start);
            indices[slot] = index;
        }
        if (mapping.isFileBacked()) {
            lines.hex("file_offset", mapping.fileOffset(address));
        } else {
            lines.nullValue("file_offset");
        }
        if (isOfSavedFile()) {
            lines.symbol(symbol(address, mapping), distance(address, mapping), symbolNames, check(mapping));
        } else {
            lines.symbol(symbol(address, mapping), distance(address, mapping), symbolNames);
        }
        frames(frames(address));
        end(address);
    }

    private JsonLines beginAddress(long address) throws IOException {
        if (beginning == null) {
            beginning = lines.beginRow("address", pid).from(0);
        }
        return lines.beginRow(beginning).hex("address", address);
    }

    @Override
    public void snapshotRefreshed() {
        super.snapshotRefreshed();
        Arrays.fill(parts, null);
    }

    @Override
    void printUnresolved(long address) throws IOException {
        beginAddress(address).noMapping().nullValue("file_offset").noSymbol();
        if (isOfSavedFile()) {
            lines.check(null);
        }
        if (frames(address) != null) {
            lines.nullValue("frames");
        }
        if (report(address) != null) {
            lines.nullValue("code")
                    .nullValue("code_offset")
                    .nullValue("tier")
                    .nullValue("inlined")
                    .nullValue("region")
                    .nullValue("detail")
                    .nullValue("inferred");
        }
        lines.end();
    }

    @Override
    void unusable(long line, byte[] input, String reason) throws IOException {
        lines.beginRow("unusable", pid)
                .numberOrNull("line", line > 0 ? line : -1)
                .bytes("input", input)
                .text("reason", reason)
                .end();
    }

    @Override
    public void printSample(byte[] line) throws IOException {
        if (line.length > 0) {
            lines.beginRow("sample", pid).bytes("input", line).end();
        }
    }

    private void frames(List<SourceFrame> frames) throws IOException {
        if (frames == null) {
            return;
        }
        lines.beginList("frames");
        for (SourceFrame frame : frames) {
            lines.beginObject()
                    .text("function", symbolNames.best(frame.function()))
                    .text("file", frame.file())
                    .numberOrNull("line", frame.line())
                    .numberOrNull("column", frame.column())
                    .end();
        }
        lines.endList();
    }

    private void end(long address) throws IOException {
        AddressReport report = report(address);
        if (report != null) {
            code(report);
            lines.text("region", JsonLines.constant(report.region()))
                    .textOrNull("detail", report.detail())
                    .bool("inferred", report.isInferred());
        }
        lines.end();
    }

    private void code(AddressReport report) throws IOException {
        lines.text("code", report.code());
        if (report.code() == null) {
            lines.nullValue("code_offset");
        } else {
            lines.hex("code_offset", report.codeOffset());
        }
        lines.numberOrNull("tier", report.tier()).beginList("inlined");
        for (AddressReport.InlinedMethod method : report.inlined()) {
            lines.beginObject()
                    .textOrNull("class", method.className())
                    .textOrNull("method", method.methodName())
                    .textOrNull("signature", method.signature())
                    .numberOrNull("bytecode", method.bytecode())
                    .end();
        }
        lines.endList();
    }
}
