package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Resolved addresses as JSON Lines. */
public final class ResolvedJson extends ResolvedPrinter {
    private final JsonLines lines;

    public ResolvedJson(ProcessMaps maps, MapSnapshot snapshot, OutputStream out) throws IOException {
        super(maps, snapshot);
        this.lines = new JsonLines(out);
    }

    @Override
    public void printResolved(long address, int index, MapCursor mapping) throws IOException {
        lines.begin().hex("address", address).hex("start", mapping.start()).hex("end", mapping.end())
                .text("perms", mapping.permissions()).path(name(index, mapping));
        if (mapping.isFileBacked()) {
            lines.hex("file_offset", mapping.fileOffset(address));
        } else {
            lines.nothing("file_offset");
        }
        lines.deleted(name(index, mapping).deletion());
        end(address);
    }

    @Override
    public void printUnresolved(long address) throws IOException {
        lines.begin().hex("address", address).nothing("start").nothing("end").nothing("perms").nothing("path")
                .nothing("file_offset").nothing("deleted");
        end(address);
    }

    private void end(long address) throws IOException {
        AddressReport what = what(address);
        (what == null ? lines : what.json(lines)).end();
    }

    @Override
    public void flush() {
        // each line was written to the stream when it was whole
    }
}
