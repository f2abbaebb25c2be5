package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.Printable;

/** Counts mappings and their bytes by group. */
final class MappingGroups {
    /** The property of a mapping that makes its group. The names are those of the option. */
    enum By {
        path,
        dir,
        ext,
        kind,
        perms,
        deleted
    }

    /**
     * The property of a group. A path that leads to a file and the same path of a deleted file are two groups.
     *
     * @param name each char is one byte: names that differ only in bytes that are not UTF-8 are different groups
     * @param deletion of the file of a path; null if the property is another one
     */
    private record Key(String name, Deletion deletion) {
        /** The JVM makes the methods of a record at run time, which takes longer than the rest of a short run. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && deletion == key.deletion && name.equals(key.name);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + (deletion == null ? 0 : deletion.ordinal());
        }
    }

    /** Mappings with the same property, and the sum of their sizes. */
    static final class Group implements OrderOptions.Row {
        private final Key key;
        private final MemoryColumns.Sums memory = new MemoryColumns.Sums();
        private long mappings;
        private long bytes;

        private Group(Key key) {
            this.key = key;
        }

        byte[] name() {
            return key.name.getBytes(StandardCharsets.ISO_8859_1);
        }

        /** Returns the name as text output shows it. */
        String display() {
            return key.deletion == null ? Printable.text(name()) : FileName.display(name(), key.deletion);
        }

        long mappings() {
            return mappings;
        }

        long bytes() {
            return bytes;
        }

        MemoryColumns.Sums memory() {
            return memory;
        }

        @Override
        public long size() {
            return bytes;
        }

        @Override
        public long rss() {
            return memory.rss();
        }

        @Override
        public String path() {
            return display();
        }

        @Override
        public long address() {
            return 0; // a group has none
        }

        /** Writes the name of the group, and whether the file of a path is deleted. */
        JsonLines json(JsonLines lines) throws IOException {
            lines.bytes("group", name());
            return key.deletion == null ? lines : lines.deleted(key.deletion);
        }

        private void add(Mapping mapping, MemoryColumns.Sums sums) {
            mappings++;
            bytes += mapping.size();
            memory.add(sums);
        }
    }

    private final By by;
    private final MemoryColumns columns;
    private final Map<Key, Group> groups = new HashMap<>();
    private final Group total = new Group(new Key("total", null));

    MappingGroups(By by, MemoryColumns columns) {
        this.by = by;
        this.columns = columns;
    }

    void add(Mapping mapping, FileName name) {
        MemoryColumns.Sums sums = columns.of(mapping);
        groups.computeIfAbsent(keyOf(mapping, name), Group::new).add(mapping, sums);
        total.add(mapping, sums);
    }

    /** Returns the number of groups. */
    int size() {
        return groups.size();
    }

    Group total() {
        return total;
    }

    /** Returns the groups: those with the most mappings first, then by name. */
    List<Group> sorted() {
        List<Group> sorted = new ArrayList<>(groups.values());
        sorted.sort(Comparator.comparingLong(Group::mappings).reversed().thenComparing(Group::display));
        return sorted;
    }

    private Key keyOf(Mapping mapping, FileName name) {
        switch (by) {
            case kind:
                return new Key(JsonLines.constant(mapping.kind()), null);
            case perms:
                return new Key(mapping.permissions(), null);
            default:
                break;
        }
        switch (by) {
            case deleted:
                return new Key(
                        name.deletion() == Deletion.UNKNOWN
                                ? "unknown"
                                : name.deletion() == Deletion.DELETED ? "yes" : "no",
                        null);
            case path:
                return new Key(ofPath(name.raw()), name.deletion());
            default:
                return new Key(ofPath(name.raw()), null);
        }
    }

    private String ofPath(byte[] raw) {
        if (raw.length == 0) {
            return FileName.ANONYMOUS;
        }
        String path = new String(raw, StandardCharsets.ISO_8859_1);
        if (!path.startsWith("/") || by == By.path) {
            return path;
        }
        int slash = path.lastIndexOf('/');
        if (by == By.dir) {
            return slash == 0 ? "/" : path.substring(0, slash);
        }
        return extension(path.substring(slash + 1));
    }

    /** Returns the extension without a version after it: {@code .so} for libc.so.6. */
    private static String extension(String file) {
        int end = file.length();
        for (int dot = file.lastIndexOf('.'); dot > 0; dot = file.lastIndexOf('.', dot - 1)) {
            if (!file.substring(dot + 1, end).chars().allMatch(Character::isDigit)) {
                return file.substring(dot, end);
            }
            end = dot;
        }
        return "(no extension)";
    }
}
