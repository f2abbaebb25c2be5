package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The schema of the rows that commands print with {@code --json}. */
final class RowSchema {
    /** Surefire runs in java/cli. */
    static final Path FOLDER = Path.of("../../docs/reference").toAbsolutePath().normalize();

    static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** The fields that --rss and --pss add. */
    static final Set<String> MEMORY =
            Set.of("rss", "swap", "pss", "shared_clean", "shared_dirty", "private_clean", "private_dirty");

    /** The fields that --elf adds. */
    private static final Set<String> ELF = Set.of("elf_address", "build_id", "go_build_id", "htlhash");

    private static final String ROW = "row-";
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final JsonNode DOCUMENT =
            MAPPER.readTree(FOLDER.resolve("mapfiles.schema.json").toFile());
    private static final Schema WHOLE = REGISTRY.getSchema(DOCUMENT);
    private static final Map<String, Schema> BY_TYPE = new LinkedHashMap<>();

    static {
        rows().forEach((type, row) -> {
            ObjectNode one = ((ObjectNode) DOCUMENT).deepCopy();
            one.remove("oneOf");
            one.remove("$id");
            one.put("$ref", "#/$defs/" + ROW + type);
            BY_TYPE.put(type, REGISTRY.getSchema(one));
        });
    }

    private RowSchema() {}

    /** The definitions of the schema. */
    static JsonNode definitions() {
        return DOCUMENT.get("$defs");
    }

    /** The definitions of rows, by type. */
    static Map<String, JsonNode> rows() {
        Map<String, JsonNode> rows = new LinkedHashMap<>();
        definitions()
                .propertyStream()
                .filter(definition -> definition.getKey().startsWith(ROW))
                .forEach(definition -> rows.put(definition.getKey().substring(ROW.length()), definition.getValue()));
        return rows;
    }

    /** The fields of a row that describe a mapping. */
    static Set<String> ofMapping() {
        Set<String> fields =
                new TreeSet<>(rows().get("mapping").get("properties").propertyNames());
        fields.removeAll(MEMORY);
        fields.removeAll(ELF);
        return fields;
    }

    /** Returns whether a row matches exactly one definition. */
    static boolean matches(JsonNode row) {
        return WHOLE.validate(row).isEmpty();
    }

    /** Fails if a line is not a row of its type. The message names the field. */
    static JsonNode check(String line) {
        JsonNode row = MAPPER.readTree(line);
        Schema schema = BY_TYPE.get(row.path("type").asString());
        assertThat(schema).as("type of %s", line).isNotNull();
        assertThat(schema.validate(row)).as(line).isEmpty();
        return row;
    }
}
