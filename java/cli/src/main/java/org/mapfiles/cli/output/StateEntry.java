package org.mapfiles.cli.output;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;

/**
 * One mapping of a state of a process: of a process that runs, or of a saved file.
 *
 * @param perms as in /proc/PID/maps
 * @param kind as JSON shows it
 * @param path raw bytes without the kernel's mark of deleted files; empty without a name
 * @param buildId in hexadecimal; null: none, or unknown
 * @param rss in bytes; -1: unknown
 * @param swap in bytes; -1: unknown
 */
public record StateEntry(
        long start,
        long end,
        String perms,
        long offset,
        long devMajor,
        long devMinor,
        long inode,
        String kind,
        byte[] path,
        Deletion deletion,
        String buildId,
        long rss,
        long swap) {
    /** Column where a name begins. */
    private static final int NAME_COLUMN = 73;

    /** Makes an entry of a mapping. */
    public static StateEntry of(Mapping mapping, FileName name, String perms, String buildId, long rss, long swap) {
        return new StateEntry(
                mapping.start(),
                mapping.end(),
                perms,
                mapping.offset(),
                Integer.toUnsignedLong(mapping.deviceMajor()),
                Integer.toUnsignedLong(mapping.deviceMinor()),
                mapping.inode(),
                JsonLines.constant(mapping.kind()),
                name.raw(),
                name.deletion(),
                buildId,
                rss,
                swap);
    }

    public long size() {
        return end - start;
    }

    /** Writes the fields that describe a mapping, as {@link JsonLines#mapping}. */
    JsonLines write(JsonLines lines) throws IOException {
        lines.range(start, end)
                .text("perms", perms)
                .hex("offset", offset)
                .number("dev_major", devMajor)
                .number("dev_minor", devMinor)
                .unsigned("inode", inode)
                .text("kind", kind);
        if (path.length == 0) {
            lines.nullValue("path");
        } else {
            lines.bytes("path", path);
        }
        return lines.deleted(deletion);
    }

    /** Appends the line of the mapping as /proc/PID/maps has it: show_map_vma(), fs/proc/task_mmu.c. */
    public void appendLine(ByteArrayOutputStream to) {
        StringBuilder head = new StringBuilder()
                .append(hex(start, 8))
                .append('-')
                .append(hex(end, 8))
                .append(' ')
                .append(perms)
                .append(' ')
                .append(hex(offset, 8))
                .append(' ')
                .append(hex(devMajor, 2))
                .append(':')
                .append(hex(devMinor, 2))
                .append(' ')
                .append(Long.toUnsignedString(inode))
                .append(' ');
        while (path.length > 0 && head.length() < NAME_COLUMN) {
            head.append(' ');
        }
        to.writeBytes(head.toString().getBytes(StandardCharsets.US_ASCII));
        for (byte b : path) {
            if (b == '\n') {
                to.writeBytes(new byte[] {'\\', '0', '1', '2'});
            } else {
                to.write(b);
            }
        }
        if (deletion == Deletion.DELETED && path.length > 0) {
            to.writeBytes(FileName.DELETED_SUFFIX.getBytes(StandardCharsets.US_ASCII));
        }
        to.write('\n');
    }

    private static String hex(long number, int digits) {
        String text = Long.toHexString(number);
        return "0".repeat(Math.max(0, digits - text.length())) + text;
    }
}
