package org.mapfiles.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Changes as lines. */
interface ChangePrinter {
    /** @param time nanoseconds of the wall clock */
    void print(Change change, long time) throws IOException;

    private static Instant instant(long time) {
        return Instant.ofEpochSecond(Math.floorDiv(time, 1_000_000_000L), Math.floorMod(time, 1_000_000_000L));
    }

    /** For people. */
    final class Text implements ChangePrinter {
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS").withZone(ZoneId.systemDefault());

        private final OutputStream out;

        Text(OutputStream out) {
            this.out = out;
        }

        @Override
        public void print(Change change, long time) throws IOException {
            out.write((TIME.format(instant(time)) + "  " + text(change) + "\n").getBytes(StandardCharsets.UTF_8));
        }

        private static String text(Change change) {
            switch (change.kind()) {
                case ADDED:
                    return "+  " + text(change.mapping());
                case REMOVED:
                    return "-  " + text(change.mapping());
                case CHANGED:
                    return "~  " + text(change.mapping()) + "  was " + range(change.was()) + "  " + change.was().permissions;
                case EXEC:
                    return "!  another program runs";
                default:
                    return "!  something may be missing here";
            }
        }

        private static String text(Shown mapping) {
            return (range(mapping) + "  " + mapping.permissions + "  " + mapping.name.display()).stripTrailing();
        }

        private static String range(Shown mapping) {
            return Long.toHexString(mapping.start) + "-" + Long.toHexString(mapping.end);
        }
    }

    /** For programs. */
    final class Json implements ChangePrinter {
        private final int pid;
        private final OutputStream out;

        Json(int pid, OutputStream out) {
            this.pid = pid;
            this.out = out;
        }

        @Override
        public void print(Change change, long time) throws IOException {
            JsonLines line = new JsonLines(out);
            line.begin().text("time", instant(time).toString()).text("event", change.kind().name().toLowerCase(Locale.ROOT))
                    .number("pid", pid);
            Shown mapping = change.mapping();
            if (mapping != null) {
                line.mapping(mapping);
            }
            if (change.was() != null) {
                line.hex("was_start", change.was().start).hex("was_end", change.was().end).text("was_perms", change.was().permissions);
            }
            line.end().close();
        }
    }
}
