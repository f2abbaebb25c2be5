package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.Mapping;
import org.mapfiles.cli.output.ChangeJson;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.timeline.MapChange;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The output of every command with {@code --json} matches docs/reference/mapfiles.schema.json, and json.md lists the
 * same fields.
 */
class JsonRowsTest {
    private static final String FIELD = "#/$defs/field-";

    @TempDir
    Path directory;

    /**
     * Lines of all commands: those of {@code self}, of special mappings, of another JVM, of addresses in no mapping and
     * in compiled code.
     */
    private List<String> output() throws Exception {
        List<String> lines = new ArrayList<>();
        Path file = directory.toRealPath().resolve("shared");
        MappedTestFile mapped = new MappedTestFile(file);
        Path special = Files.createDirectory(directory.resolve("special"));
        addStates(lines);
        try (SpecialMappingsChild child = new SpecialMappingsChild(special, List.of(), "plain", "deleted", "memfd");
                TestJvm jvm = TestJvm.mapping(file)) {
            for (String pid : List.of("self", child.pid())) {
                for (String memory : List.of(" --pss", "", " --rss")) { // first a row with all fields
                    String elf = memory.equals(" --pss") ? " --elf" : "";
                    add(lines, "maps " + pid + memory + elf);
                    add(lines, "files " + pid + memory);
                    add(lines, "files --mappings " + pid + memory + elf);
                    add(lines, "count self " + child.pid() + memory);
                    add(lines, "count " + pid + memory);
                }
                for (String by : List.of("path", "dir", "ext", "kind", "perms", "deleted")) {
                    add(lines, "count " + pid + " --by " + by);
                    add(lines, "count self " + child.pid() + " --by " + by);
                }
            }
            add(lines, "resolve self 0 " + address("libjvm.so") + " " + address("[stack]"));
            add(lines, "resolve self --jvm 0 " + address("libjvm.so") + " " + compiledMethods());
            add(lines, "resolve " + jvm.pid() + " --jvm 0");
            add(lines, "resolve self no.so+0x1 0");
            add(lines, "resolve self --lines 0 " + address("libjvm.so"));
            CliResult.reading("java 1/2 3.4:  5 cycles:\n", "resolve", "self", "-", "--json")
                    .lines()
                    .forEach(lines::add);
            Path log = HsErrFiles.write(directory);
            add(lines, "crash " + log);
            add(lines, "resolve --from " + log + " libx.so+0x1234 0");
            add(lines, "jvm self --pss");
            add(lines, "jvm " + jvm.pid());
            add(lines, "jvm " + jvm.pid() + " --rss");
            add(lines, "shared self " + jvm.pid());
            add(lines, "shared self " + jvm.pid() + " --private");
            RunningWatch watch = RunningWatch.initial(child.pid(), "--json");
            child.command("protect plain");
            watch.awaitRow("protect", row -> row.get("type").equals("changed"));
            for (String command : List.of("many 20", "unmap plain")) {
                child.command(command);
            }
            watch.awaitRow(
                    "unmap",
                    row -> row.get("type").equals("removed")
                            && String.valueOf(row.get("path")).endsWith("/plain"));
            child.end();
            watch.awaitExit();
            watch.text().lines().forEach(lines::add);
        }
        assertThat(mapped.firstByte()).isZero();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ChangeJson changes = new ChangeJson(1, out);
        changes.print(new MapChange(MapChange.Kind.EXEC, null, null, false, 2, 2, true), 0);
        changes.print(new MapChange(MapChange.Kind.LOST, null, null, false, 1, 2, false), 0);
        out.toString(StandardCharsets.UTF_8).lines().forEach(lines::add);
        return lines;
    }

    /** Rows of {@code stale}, {@code save}, {@code diff} and {@code doctor}. */
    private void addStates(List<String> lines) throws Exception {
        Path program = Files.createDirectory(directory.resolve("stale")).resolve("sleep");
        byte[] sleep = Files.readAllBytes(Path.of("/bin/sleep"));
        ElfCopies.install(program, sleep);
        try (StaleTarget target = StaleTarget.program(program, null)) {
            ElfCopies.install(program, ElfCopies.sameCode(sleep));
            add(lines, "stale " + target.pid());
        }
        String state = CliResult.with("save", "self", "--json").out();
        lines.addAll(state.lines().toList());
        Path saved = Files.writeString(directory.resolve("state"), state);
        MappedTestFile mapped = new MappedTestFile(directory.resolve("mapped-later"));
        add(lines, "diff " + saved + " self --mappings");
        assertThat(mapped.firstByte()).isZero();
        add(lines, "doctor");
    }

    private static void add(List<String> lines, String command) {
        CliResult result = CliResult.with((command + " --json").split(" "));
        assertThat(result.lines()).as("%s: %s", command, result.err()).isNotEmpty();
        lines.addAll(result.lines());
    }

    private static String address(String nameEnd) {
        return (String) CliResult.with("maps", "self", "--json").rows().stream()
                .filter(row -> String.valueOf(row.get("path")).endsWith(nameEnd))
                .findFirst()
                .orElseThrow()
                .get("start");
    }

    private static String compiledMethods() throws Exception {
        StringBuilder addresses = new StringBuilder();
        JvmCode.open().forEach(code -> addresses.append(' ').append(Long.toHexString(code.start())));
        return addresses.toString().strip();
    }

    @Test
    void everyRowMatchesTheSchema() throws Exception {
        Set<String> types = new TreeSet<>();
        for (String line : output()) {
            JsonNode row = RowSchema.check(line);
            assertThat(RowSchema.matches(row)).as(line).isTrue();
            types.add(row.get("type").asString());
        }
        assertThat(types)
                .as("types in the output")
                .isEqualTo(new TreeSet<>(RowSchema.rows().keySet()));
    }

    /** One row of each type is changed in each way that a mistake in a command could change it. */
    @Test
    void aRowWithAMistakeDoesNotMatch() throws Exception {
        Map<String, ObjectNode> rows = new HashMap<>();
        output().forEach(line ->
                rows.putIfAbsent(RowSchema.check(line).get("type").asString(), (ObjectNode) RowSchema.check(line)));
        rows.forEach((type, row) -> {
            assertDoesNotMatch(row.deepCopy().put("unknown", 1));
            for (String field : row.propertyNames()) {
                if (!field.endsWith("_base64")) { // an optional field
                    ObjectNode changed = row.deepCopy();
                    changed.remove(field);
                    assertDoesNotMatch(changed);
                }
                assertDoesNotMatch(row.deepCopy().set(field, RowSchema.MAPPER.createObjectNode()));
            }
        });
    }

    private static void assertDoesNotMatch(JsonNode row) {
        assertThat(RowSchema.matches(row)).as("%s", row).isFalse();
    }

    @Test
    void aNameHasOneMeaning() {
        Set<String> used = new TreeSet<>();
        RowSchema.rows()
                .forEach((type, row) -> row.get("properties").propertyStream().forEach(property -> {
                    String name = property.getKey();
                    JsonNode definition = property.getValue().has("anyOf")
                            ? property.getValue().get("anyOf").get(0)
                            : property.getValue();
                    if (name.equals("type")) {
                        assertThat(definition.get("const").asString()).isEqualTo(type);
                    } else {
                        assertThat(definition.path("$ref").asString())
                                .as("%s of %s", name, type)
                                .isEqualTo(FIELD + name);
                    }
                    used.add(name);
                }));
        Set<String> defined = new TreeSet<>();
        RowSchema.definitions().propertyNames().stream()
                .filter(name -> name.startsWith("field-"))
                .forEach(name -> defined.add(name.substring("field-".length())));
        assertThat(defined).isEqualTo(used);
    }

    @Test
    void rowsWithAMappingHaveTheFieldsOfMaps() {
        Set<String> ofMaps = RowSchema.ofMapping();
        assertThat(ofMaps)
                .contains(
                        "start",
                        "end",
                        "perms",
                        "offset",
                        "dev_major",
                        "dev_minor",
                        "inode",
                        "kind",
                        "path",
                        "path_base64",
                        "deleted");
        RowSchema.rows().forEach((type, row) -> {
            if (row.get("properties").has("perms")) {
                assertThat(row.get("properties").propertyNames()).as(type).containsAll(ofMaps);
            }
            assertThat(row.get("required").valueStream().map(JsonNode::asString))
                    .as(type)
                    .contains("version", "type", "pid");
        });
    }

    @Test
    void constantsAreThoseOfTheLibrary() {
        assertThat(constants("kind")).containsExactly(lowerCase(Mapping.Kind.values()));
        assertThat(constants("region")).containsExactly(lowerCase(JvmRegions.Kind.values()));
        assertThat(constants("verified"))
                .as("those that need no comparison of bytes")
                .containsExactlyInAnyOrder(lowerCase(EnumSet.complementOf(EnumSet.of(Verification.SAME_BYTES))
                        .toArray(Verification[]::new)));
        assertThat(RowSchema.rows().keySet()).contains(lowerCase(MapChange.Kind.values()));
        assertThat(RowSchema.definitions().get("field-version").get("const").asInt())
                .isEqualTo(JsonLines.VERSION);
    }

    private static String[] lowerCase(Enum<?>[] values) {
        return Arrays.stream(values).map(JsonLines::constant).toArray(String[]::new);
    }

    private static List<String> constants(String field) {
        return RowSchema.definitions()
                .get("field-" + field)
                .get("enum")
                .valueStream()
                .map(JsonNode::asString)
                .toList();
    }

    @Test
    void thePageListsTheRowsAndFields() throws Exception {
        String page = Files.readString(RowSchema.FOLDER.resolve("json.md"));
        List<String> rows = new ArrayList<>();
        RowSchema.rows().forEach((type, row) -> rows.add(rowOfPage(type, row)));
        List<String> fields = new ArrayList<>();
        Map<String, String> objects = Map.of("inlined-method", "inlined[].", "source-frame", "frames[].");
        Stream.of("field-", "inlined-method", "source-frame")
                .forEach(prefix -> RowSchema.definitions().propertyStream().forEach(definition -> {
                    if (prefix.equals("field-") && definition.getKey().startsWith(prefix)) {
                        fields.add(fieldOfPage(definition.getKey().substring(prefix.length()), definition.getValue()));
                    } else if (definition.getKey().equals(prefix)) {
                        definition
                                .getValue()
                                .get("properties")
                                .propertyStream()
                                .forEach(part ->
                                        fields.add(fieldOfPage(objects.get(prefix) + part.getKey(), part.getValue())));
                    }
                }));
        assertThat(page).contains(String.join("\n", rows) + "\n").contains(String.join("\n", fields) + "\n");
    }

    private static String rowOfPage(String type, JsonNode row) {
        String[] description = row.get("description").asString().split(": ", 2);
        List<String> names = new ArrayList<>(row.get("properties").propertyNames());
        names.removeAll(List.of("version", "type", "pid"));
        List<String> ofMaps = new ArrayList<>(RowSchema.ofMapping());
        ofMaps.removeAll(List.of("version", "type", "pid"));
        String memory = names.contains("pss") && names.removeAll(RowSchema.MEMORY) ? ", *memory*" : "";
        String fields = "";
        if (!type.equals("mapping") && names.containsAll(ofMaps)) {
            fields = names.get(0).equals("address") ? "`address`, those of `mapping`" : "those of `mapping`";
            names.removeAll(ofMaps);
            names.remove("address");
        }
        for (String name : names) {
            fields += (fields.isEmpty() ? "`" : ", `") + name + '`';
        }
        return "| `" + type + "` | `" + description[0] + "` | " + description[1] + " | " + fields + memory + " |";
    }

    private static String fieldOfPage(String name, JsonNode field) {
        boolean hasNull = field.path("type")
                        .valueStream()
                        .anyMatch(type -> type.asString().equals("null"))
                || field.path("enum").valueStream().anyMatch(JsonNode::isNull);
        String constants = String.join(
                ", ",
                field.path("enum")
                        .valueStream()
                        .filter(value -> !value.isNull())
                        .map(value -> '`' + value.asString() + '`')
                        .toList());
        return "| `" + name + "` | " + type(field) + (hasNull ? " or null" : "") + " | "
                + field.get("description").asString() + (constants.isEmpty() ? "" : ": " + constants) + " |";
    }

    private static String type(JsonNode field) {
        if (field.path("pattern").asString("").startsWith("^0x")) {
            return "string `0x...`";
        }
        String type = field.path("type").isArray()
                ? field.get("type").get(0).asString()
                : field.path("type").asString("");
        if (type.equals("integer") || field.has("const")) {
            return "number";
        }
        return type.isEmpty() ? "string" : type;
    }
}
