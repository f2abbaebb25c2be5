package org.mapfiles.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One run of the command: its exit code and what it printed. */
public record CliResult(int code, String out, String err) {
    public static CliResult with(String... arguments) {
        return reading("", arguments);
    }

    public static CliResult reading(String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(arguments, new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, err);
        return new CliResult(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    public List<String> lines() {
        return out.lines().toList();
    }

    /** The objects of JSON Lines: strings, longs, booleans and nulls by name, in order. */
    public List<Map<String, Object>> objects() throws IOException {
        List<Map<String, Object>> objects = new ArrayList<>();
        for (String line : lines()) {
            try (JsonParser parser = new JsonFactory().createParser(line)) {
                Map<String, Object> fields = new LinkedHashMap<>();
                parser.nextToken();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    fields.put(name, value(parser));
                }
                objects.add(fields);
            }
        }
        return objects;
    }

    private static Object value(JsonParser parser) throws IOException {
        switch (parser.nextToken()) {
            case VALUE_NUMBER_INT:
                return parser.getBigIntegerValue().longValue();
            case VALUE_TRUE:
                return true;
            case VALUE_FALSE:
                return false;
            case VALUE_NULL:
                return null;
            default:
                return parser.getText();
        }
    }
}
