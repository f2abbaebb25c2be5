package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.Deletion;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;

/** Counts mappings and their bytes by group. */
final class MappingGroups {
    /** The property of a mapping that makes its group. The names are those of the option. */
    enum By { path, dir, ext, kind, perms, deleted }

    /** Mappings with the same property, and the sum of their sizes. */
    static final class Group {
        /** Each char is one byte: names that differ only in bytes that are not UTF-8 are different groups. */
        private final String name;
        private long mappings;
        private long bytes;

        private Group(String name) {
            this.name = name;
        }

        byte[] name() {
            return name.getBytes(StandardCharsets.ISO_8859_1);
        }

        long mappings() {
            return mappings;
        }

        long bytes() {
            return bytes;
        }

        private void add(Mapping mapping) {
            mappings++;
            bytes += mapping.size();
        }
    }

    private final By by;
    private final Map<String, Group> groups = new HashMap<>();
    private final Group total = new Group("total");

    MappingGroups(By by) {
        this.by = by;
    }

    void add(ProcessMaps maps, Mapping mapping) throws IOException {
        groups.computeIfAbsent(nameOf(maps, mapping), Group::new).add(mapping);
        total.add(mapping);
    }

    Group total() {
        return total;
    }

    /** Returns the groups: those with the most mappings first, then by name. */
    List<Group> sorted() {
        List<Group> sorted = new ArrayList<>(groups.values());
        sorted.sort(Comparator.comparingLong(Group::mappings).reversed().thenComparing(group -> group.name));
        return sorted;
    }

    private String nameOf(ProcessMaps maps, Mapping mapping) throws IOException {
        switch (by) {
            case kind:
                return JsonLines.constant(mapping.kind());
            case perms:
                return mapping.permissions();
            case deleted:
                Deletion deletion = FileName.of(maps, mapping).deletion();
                return deletion == Deletion.UNKNOWN ? "unknown" : deletion == Deletion.DELETED ? "yes" : "no";
            default:
                return ofPath(FileName.of(maps, mapping).raw());
        }
    }

    private String ofPath(byte[] raw) {
        if (raw.length == 0) {
            return "[anonymous]";
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
