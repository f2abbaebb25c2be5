package org.mapfiles.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;

/**
 * A line of /proc/pid/maps, as the kernel writes it (show_map_vma() in fs/proc/task_mmu.c): the model that the parser
 * is compared with.
 *
 * @param name raw bytes as characters 1 to 255; empty without one
 */
public record MapsLine(
        long start, long end, String permissions, long offset, int major, int minor, long inode, String name) {
    public static final int PAGE = 4096;
    /** A name starts after this column, or after a longer header. */
    private static final int PAD = 72;

    /** Returns a private, readable mapping without a file. */
    public static MapsLine anonymous(long start, long end) {
        return new MapsLine(start, end, "rw-p", 0, 0, 0, 0, "");
    }

    /** Returns a mapping of a file of a disk, from its first byte on. */
    public static MapsLine file(long start, long end, long inode, String name) {
        return new MapsLine(start, end, "r-xp", 0, 0xfd, 1, inode, name);
    }

    /** Returns the line that a mapping was parsed from. */
    public static MapsLine of(Mapping mapping) {
        return new MapsLine(
                mapping.start(),
                mapping.end(),
                mapping.permissions(),
                mapping.offset(),
                mapping.deviceMajor(),
                mapping.deviceMinor(),
                mapping.inode(),
                rawName(mapping));
    }

    public static String rawName(Mapping mapping) {
        byte[] name = new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return new String(name, ISO_8859_1);
    }

    public boolean hasFile() {
        return (major | minor | inode) != 0
                || name.startsWith("/"); // without numbers: only in text that no kernel wrote
    }

    public String render() {
        StringBuilder line = new StringBuilder(wide(start))
                .append('-')
                .append(wide(end))
                .append(' ')
                .append(permissions)
                .append(' ')
                .append(wide(offset))
                .append(' ')
                .append(String.format("%02x:%02x ", major, minor))
                .append(Long.toUnsignedString(inode))
                .append(' ');
        if (!name.isEmpty()) {
            line.append(" ".repeat(Math.max(0, PAD - line.length())))
                    .append(' ')
                    .append(name.replace("\n", "\\012"));
        }
        return line.append('\n').toString();
    }

    private static String wide(long number) {
        String digits = Long.toHexString(number);
        return "0".repeat(Math.max(0, 8 - digits.length())) + digits;
    }

    public static byte[] text(List<MapsLine> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line.render()));
        return text.toString().getBytes(ISO_8859_1);
    }

    public static byte[] text(MapsLine... lines) {
        return text(List.of(lines));
    }

    public static MapSnapshot snapshot(List<MapsLine> lines) throws MalformedMapsException {
        try {
            return MapSnapshot.ofText(text(lines), MapFilter.all());
        } catch (NotEnoughMemoryException e) {
            throw new AssertionError(e);
        }
    }

    public static MapSnapshot snapshot(MapsLine... lines) throws MalformedMapsException {
        return snapshot(List.of(lines));
    }
}
