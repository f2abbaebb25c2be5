package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Optional;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.SavedMaps;

/** Prints a crash as JSON Lines: one row for the crash, then one for each address. */
public final class CrashJson extends CrashPrinter {
    private final JsonLines lines;
    private final SavedMaps saved;
    private final long pid;

    public CrashJson(SavedMaps saved, SymbolNames names, OutputStream out) throws IOException {
        super(saved, names);
        this.saved = saved;
        this.pid = saved.pid().orElse(0);
        this.lines = new JsonLines(out);
    }

    @Override
    void begin(Crash crash) throws IOException {
        lines.beginRow("crash", pid)
                .text("source", JsonLines.constant(saved.source()))
                .textOrNull("signal", crash.signal())
                .textOrNull("message", crash.message())
                .text("tid", crash.tid() == -1 ? null : Long.toUnsignedString(crash.tid()))
                .textOrNull("runtime", crash.runtime())
                .textOrNull("command", crash.commandLine())
                .text("earliest", time(crash.earliest()))
                .text("latest", time(crash.latest()))
                .number("mappings", saved.snapshot().size())
                .number("problems", saved.problemCount())
                .end();
    }

    private static String time(Optional<Instant> time) {
        return time.map(Instant::toString).orElse(null);
    }

    @Override
    void print(Crash.Address address, MapCursor mapping, Stack stack, boolean isContradicted) throws IOException {
        lines.beginRow("crash_address", pid)
                .text("role", JsonLines.constant(address.role()))
                .textOrNull("name", address.name())
                .textOrNull("text", address.text())
                .textOrNull("reason", isContradicted ? "in mappings that contradict each other" : address.problem());
        if (address.isKnown()) {
            lines.hex("address", address.address());
        } else {
            lines.nullValue("address");
        }
        if (mapping == null) {
            lines.noMapping().nullValue("file_offset").noSymbol().check(null);
        } else {
            lines.mapping(mapping, FileName.withoutQuery(mapping), permissions(mapping));
            if (mapping.isFileBacked()) {
                lines.hex("file_offset", mapping.fileOffset(address.address()));
            } else {
                lines.nullValue("file_offset");
            }
            long at = address.address();
            lines.symbol(symbol(at, mapping), distance(at, mapping), names, check(mapping));
        }
        boolean isKnown = stack == Stack.INSIDE || stack == Stack.OUTSIDE;
        (isKnown ? lines.bool("in_stack", stack == Stack.INSIDE) : lines.nullValue("in_stack")).end();
    }

    @Override
    void end() throws IOException {
        // each row is complete
    }
}
