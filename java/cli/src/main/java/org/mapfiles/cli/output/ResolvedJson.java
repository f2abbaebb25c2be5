package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolInfo;

/** Prints resolved addresses as JSON Lines. */
public final class ResolvedJson extends ResolvedPrinter {
    private final long pid;
    private final JsonLines lines;

    public ResolvedJson(ProcessMaps maps, MapSnapshot snapshot, OutputStream out) throws IOException {
        super(maps, snapshot);
        this.pid = maps.pid();
        this.lines = new JsonLines(out);
    }

    /** Prints addresses of a saved file. */
    public ResolvedJson(SavedMaps saved, OutputStream out) throws IOException {
        super(saved);
        this.pid = saved.pid().orElse(0);
        this.lines = new JsonLines(out);
    }

    @Override
    void printResolved(long address, int index, MapCursor mapping) throws IOException {
        FileName name = name(index, mapping); // may fail, so it comes before the row begins
        lines.beginRow("address", pid).hex("address", address).mapping(mapping, name, permissions(mapping));
        if (mapping.isFileBacked()) {
            lines.hex("file_offset", mapping.fileOffset(address));
        } else {
            lines.nullValue("file_offset");
        }
        symbol(symbol(address, mapping));
        end(address);
    }

    @Override
    void printUnresolved(long address) throws IOException {
        lines.beginRow("address", pid)
                .hex("address", address)
                .noMapping()
                .nullValue("file_offset")
                .nullValue("symbol")
                .nullValue("symbol_offset")
                .nullValue("elf_address")
                .nullValue("build_id")
                .nullValue("htlhash");
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

    private void symbol(SymbolInfo info) throws IOException {
        String symbol = info.status() == SymbolInfo.Status.FOUND ? info.name() : null;
        lines.text("symbol", symbol);
        if (symbol == null) {
            lines.nullValue("symbol_offset");
        } else {
            lines.hex("symbol_offset", info.offset());
        }
        if (info.hasElfAddress()) {
            lines.hex("elf_address", info.elfAddress());
        } else {
            lines.nullValue("elf_address");
        }
        ElfFile file = info.file();
        lines.text("build_id", file == null ? null : file.buildId().orElse(null))
                .text("htlhash", file == null ? null : file.htlhash().orElse(null));
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
