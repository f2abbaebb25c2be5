package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** Prints changes of mappings as JSON Lines. The type of a row is the kind of the change. */
public final class ChangeJson implements ChangePrinter {
    private final int pid;
    private final JsonLines lines;

    public ChangeJson(int pid, OutputStream out) throws IOException {
        this.pid = pid;
        this.lines = new JsonLines(out);
    }

    @Override
    public void print(MapChange change, long wallClock) throws IOException {
        beginRow(JsonLines.constant(change.kind()), wallClock + change.time(), change.isExact());
        lines.text(
                "after",
                change.isExact()
                        ? null
                        : ChangePrinter.instant(wallClock + change.after()).toString());
        if (change.mapping() != null) {
            lines.mapping(change.mapping(), FileName.withoutQuery(change.mapping()));
        }
        if (change.previous() != null) {
            lines.hex("was_start", change.previous().start())
                    .hex("was_end", change.previous().end())
                    .text("was_perms", change.previous().permissions());
        } else if (change.mapping() != null) {
            lines.bool("continued", change.isContinued());
        }
        lines.end();
    }

    @Override
    public void printPresent(Mapping mapping, long time) throws IOException {
        beginRow("present", time, true);
        lines.nullValue("after")
                .mapping(mapping, FileName.withoutQuery(mapping))
                .end();
    }

    @Override
    public void flush() {
        // each row is printed when it comes
    }

    private void beginRow(String type, long time, boolean isExact) throws IOException {
        lines.beginRow(type, pid)
                .text("time", ChangePrinter.instant(time).toString())
                .bool("exact", isExact);
    }
}
