package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the rows of {@code mapfiles save}. */
public final class StateJson {
    private final JsonLines lines;
    private final long pid;
    private long mappings;
    private long size;

    public StateJson(OutputStream out, long pid) throws IOException {
        lines = new JsonLines(out);
        this.pid = pid;
    }

    /**
     * Writes the first row.
     *
     * @param started in clock ticks from the boot; -1: unknown
     * @param bootId null: unknown
     */
    public void begin(byte[] process, String time, long started, String bootId) throws IOException {
        lines.beginRow("saved", pid)
                .bytes("process_name", process)
                .text("saved_at", time)
                .numberOrNull("started", started)
                .text("boot_id", bootId)
                .end();
    }

    /** Writes the row of a mapping. */
    public void mapping(StateEntry entry) throws IOException {
        mappings++;
        size += entry.size();
        entry.write(lines.beginRow("saved_mapping", pid))
                .text("build_id", entry.buildId())
                .numberOrNull("rss", entry.rss())
                .numberOrNull("swap", entry.swap())
                .end();
    }

    /** Writes the last row. */
    public void end() throws IOException {
        lines.beginRow("saved_end", pid)
                .number("mappings", mappings)
                .unsigned("size", size)
                .end();
    }
}
