package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** Prints changes of mappings as text: time, mark, range, permissions, name. */
public final class ChangeText implements ChangePrinter {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS").withZone(ZoneId.systemDefault());

    private final OutputStream out;

    public ChangeText(OutputStream out) {
        this.out = out;
    }

    @Override
    public void print(MapChange change, long wallClock) throws IOException {
        String text = text(change);
        if (text != null) {
            print(wallClock + change.time(), change.isExact() ? "  " : "? ", text);
        }
    }

    @Override
    public void printPresent(Mapping mapping, long time) throws IOException {
        print(time, "  ", "=  " + text(mapping));
    }

    private void print(long time, String mark, String text) throws IOException {
        out.write((TIME.format(ChangePrinter.instant(time)) + mark + text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns null if nothing that is printed has changed, such as an inode that the kernel's event did not contain.
     */
    private static String text(MapChange change) {
        switch (change.kind()) {
            case ADDED:
                return "+  " + text(change.mapping()) + (change.isContinued() ? "  split" : "");
            case REMOVED:
                return "-  " + text(change.mapping()) + (change.isContinued() ? "  merged" : "");
            case CHANGED:
                return text(change.mapping()).equals(text(change.previous()))
                        ? null
                        : "~  " + text(change.mapping()) + "  was " + Hex.range(change.previous()) + "  "
                                + change.previous().permissions();
            case EXEC:
                return "!  another program runs";
            default:
                return "!  changes may be missing up to here";
        }
    }

    private static String text(Mapping mapping) {
        return (Hex.range(mapping) + "  " + mapping.permissions() + "  "
                        + FileName.withoutQuery(mapping).display())
                .stripTrailing();
    }
}
