package org.mapfiles.saved;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When a machine was started. Numbers of devices and inodes mean a file only on one machine, and numbers of many
 * devices only until its next start. A fatal error log does not name the machine, but it has the time since its start.
 */
final class BootTime {
    /** A log counts whole minutes (os::print_dhm() of HotSpot). */
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** The clock may have been set by a little since. */
    private static final Duration TOLERANCE = Duration.ofSeconds(10);

    private BootTime() {}

    /** Returns whether this machine has run since then, by a time and the minutes from the start to that time. */
    static boolean isOfThisMachine(Instant time, Duration uptime) {
        Instant own = own();
        Instant latest = time.minus(uptime).plus(TOLERANCE);
        Instant earliest = time.minus(uptime).minus(MINUTE).minus(TOLERANCE);
        return own != null && !own.isBefore(earliest) && !own.isAfter(latest);
    }

    /** Returns when this machine was started (proc_stat(5), btime); null: unknown. */
    static @Nullable Instant own() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/stat"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("btime ")) {
                    return Instant.ofEpochSecond(
                            Long.parseLong(line.substring("btime ".length()).strip()));
                }
            }
        } catch (IOException | NumberFormatException e) { // a part of /proc may be hidden
            return null;
        }
        return null;
    }
}
