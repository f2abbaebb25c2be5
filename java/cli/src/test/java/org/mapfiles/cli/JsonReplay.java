package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Replays the rows of {@code watch --json}, as its help describes. */
public final class JsonReplay {
    private static final List<String> FIELDS =
            List.of("pid", "start", "end", "size", "perms", "offset", "dev_major", "dev_minor", "inode", "kind");

    private final TreeMap<Long, Map<String, Object>> mappings = new TreeMap<>(Long::compareUnsigned);

    /** Begins with rows of {@code maps --json}. */
    public void begin(List<Map<String, Object>> rows) {
        rows.forEach(this::add);
    }

    /** Applies one row to the mappings. Fails if it does not fit them. */
    public void apply(Map<String, Object> row) {
        switch ((String) row.get("type")) {
            case "present":
            case "added":
                add(row);
                break;
            case "removed":
                remove(row, "");
                break;
            case "changed":
                remove(row, "was_");
                add(row);
                break;
            default:
                assertThat(row.get("type")).isIn("exec", "lost");
        }
    }

    private static long number(Map<String, Object> row, String field) {
        return Long.parseUnsignedLong(((String) row.get(field)).substring(2), 16);
    }

    private void add(Map<String, Object> row) {
        var below = mappings.lowerEntry(number(row, "end"));
        assertThat(below == null || Long.compareUnsigned(number(below.getValue(), "end"), number(row, "start")) <= 0)
                .as("%s is added over %s", row, below)
                .isTrue();
        mappings.put(number(row, "start"), row);
    }

    private void remove(Map<String, Object> row, String prefix) {
        Map<String, Object> removed = mappings.remove(number(row, prefix + "start"));
        assertThat(removed).as("the mapping of %s", row).isNotNull();
        assertThat(removed.get("end")).as("%s", row).isEqualTo(row.get(prefix + "end"));
        assertThat(removed.get("perms")).as("%s", row).isEqualTo(row.get(prefix + "perms"));
    }

    /** Returns the mappings in order of address, with the fields that rows of both commands have. */
    public List<Map<String, Object>> mappings() {
        return comparable(new ArrayList<>(mappings.values()));
    }

    /**
     * Removes the kernel's mark of deleted files: {@code maps} queries the kernel what it means, {@code watch} does
     * not.
     */
    public static List<Map<String, Object>> comparable(List<Map<String, Object>> rows) {
        List<Map<String, Object>> comparable = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            Map<String, Object> fields = new LinkedHashMap<>();
            FIELDS.forEach(field -> fields.put(field, row.get(field)));
            fields.put("path", String.valueOf(row.get("path")).replaceAll(" \\(deleted\\)$", ""));
            comparable.add(fields);
        }
        return comparable;
    }
}
