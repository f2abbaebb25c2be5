package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** Prints changes of mappings, one a line. */
public interface ChangePrinter {
    /** @param wallClock nanoseconds of the wall clock at the time 0 of changes */
    void print(MapChange change, long wallClock) throws IOException;

    /** @param time nanoseconds of the wall clock */
    void printPresent(Mapping mapping, long time) throws IOException;

    private static Instant instant(long time) {
        return Instant.ofEpochSecond(Math.floorDiv(time, 1_000_000_000L), Math.floorMod(time, 1_000_000_000L));
    }

    /** For people. */
    final class Text implements ChangePrinter {
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS").withZone(ZoneId.systemDefault());

        private final OutputStream out;

        public Text(OutputStream out) {
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
            out.write((TIME.format(instant(time)) + mark + text + "\n").getBytes(StandardCharsets.UTF_8));
        }

        /** Null if nothing that is shown has changed: an inode, perhaps, that the kernel's event lacked. */
        private static String text(MapChange change) {
            switch (change.kind()) {
                case ADDED:
                    return "+  " + text(change.mapping()) + (change.isContinued() ? "  split" : "");
                case REMOVED:
                    return "-  " + text(change.mapping()) + (change.isContinued() ? "  merged" : "");
                case CHANGED:
                    return text(change.mapping()).equals(text(change.previous())) ? null
                            : "~  " + text(change.mapping()) + "  was " + Hex.range(change.previous()) + "  " + change.previous().permissions();
                case EXEC:
                    return "!  another program runs";
                default:
                    return "!  changes may be missing up to here";
            }
        }

        private static String text(Mapping mapping) {
            return (Hex.range(mapping) + "  " + mapping.permissions() + "  " + FileName.unasked(mapping).display()).stripTrailing();
        }
    }

    /** For programs. */
    final class Json implements ChangePrinter {
        private final int pid;
        private final OutputStream out;

        public Json(int pid, OutputStream out) {
            this.pid = pid;
            this.out = out;
        }

        @Override
        public void print(MapChange change, long wallClock) throws IOException {
            JsonLines line = begin(change.kind().name().toLowerCase(Locale.ROOT), wallClock + change.time(), change.isExact());
            if (!change.isExact()) {
                line.text("after", instant(wallClock + change.after()).toString());
            }
            if (change.mapping() != null) {
                line.mapping(change.mapping(), FileName.unasked(change.mapping()));
            }
            if (change.previous() != null) {
                line.hex("was_start", change.previous().start()).hex("was_end", change.previous().end())
                        .text("was_perms", change.previous().permissions());
            } else if (change.mapping() != null) {
                line.bool("continued", change.isContinued());
            }
            line.end();
        }

        @Override
        public void printPresent(Mapping mapping, long time) throws IOException {
            begin("present", time, true).mapping(mapping, FileName.unasked(mapping)).end();
        }

        private JsonLines begin(String event, long time, boolean isExact) throws IOException {
            return new JsonLines(out).begin().text("time", instant(time).toString()).text("event", event).number("pid", pid)
                    .bool("exact", isExact);
        }
    }
}
