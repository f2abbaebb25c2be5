package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The simplest reader of {@code watch --json}: as the help says, each line is applied to the mappings of the lines before. */
public final class JsonReplay {
    private static final List<String> OF_A_MAPPING = List.of("start", "end", "perms", "offset", "dev_major", "dev_minor", "inode", "kind");

    private final TreeMap<Long, Map<String, Object>> mappings = new TreeMap<>(Long::compareUnsigned);

    /** Begins with what {@code maps --json} printed. */
    public void begin(List<Map<String, Object>> objects) {
        objects.forEach(this::add);
    }

    public void apply(Map<String, Object> line) {
        switch ((String) line.get("event")) {
            case "present":
            case "added":
                add(line);
                break;
            case "removed":
                remove(line, "");
                break;
            case "changed":
                remove(line, "was_");
                add(line);
                break;
            default:
                assertThat(line.get("event")).isIn("exec", "lost");
        }
    }

    private static long number(Map<String, Object> line, String field) {
        return Long.parseUnsignedLong(((String) line.get(field)).substring(2), 16);
    }

    private void add(Map<String, Object> line) {
        var below = mappings.lowerEntry(number(line, "end"));
        assertThat(below == null || Long.compareUnsigned(number(below.getValue(), "end"), number(line, "start")) <= 0)
                .as("%s is added over %s", line, below).isTrue();
        mappings.put(number(line, "start"), line);
    }

    private void remove(Map<String, Object> line, String prefix) {
        Map<String, Object> gone = mappings.remove(number(line, prefix + "start"));
        assertThat(gone).as("what is removed or changed is there: %s", line).isNotNull();
        assertThat(gone.get("end")).as("%s", line).isEqualTo(line.get(prefix + "end"));
        assertThat(gone.get("perms")).as("%s", line).isEqualTo(line.get(prefix + "perms"));
    }

    /** The mappings in order of address, by the fields that lines of both commands have. */
    public List<Map<String, Object>> mappings() {
        return comparable(new ArrayList<>(mappings.values()));
    }

    /** Of a path, the kernel's mark is left out: {@code maps} asks the kernel what it means, {@code watch} does not. */
    public static List<Map<String, Object>> comparable(List<Map<String, Object>> objects) {
        List<Map<String, Object>> comparable = new ArrayList<>();
        for (Map<String, Object> object : objects) {
            Map<String, Object> fields = new LinkedHashMap<>();
            OF_A_MAPPING.forEach(field -> fields.put(field, object.get(field)));
            fields.put("path", String.valueOf(object.get("path")).replaceAll(" \\(deleted\\)$", ""));
            comparable.add(fields);
        }
        return comparable;
    }
}
