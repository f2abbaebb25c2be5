package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** The fields of /proc/self/status (proc_pid_status(5)), and numbers in other files of proc and sys. */
final class SelfStatus {
    private final Map<String, String> fields = new HashMap<>();

    private SelfStatus() {}

    /** Reads the file. Without proc there are no fields. */
    static SelfStatus read() {
        SelfStatus status = new SelfStatus();
        for (String line : text(Path.of("/proc/self/status")).split("\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                status.fields.put(
                        line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        return status;
    }

    /** Returns a field; empty: the kernel does not have it. */
    String field(String name) {
        return fields.getOrDefault(name, "");
    }

    /** Returns whether a capability of capabilities(7) is effective. */
    boolean hasCapability(int number) {
        try {
            return (Long.parseUnsignedLong(field("CapEff"), 16) >>> number & 1) != 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Returns the text of a small file; empty: it cannot be read. */
    static String text(Path file) {
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(1 << 16), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** Returns the number in a file; empty: there is none, or no number, such as {@code max}. */
    static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(text(file).strip()));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
