package org.mapfiles.cli.target;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** One row of JSON Lines, as the commands write it: an object of texts, numbers, booleans and nulls. */
final class JsonRow {
    /** A field is missing, or its value is not one that the schema allows. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message) {
            super(message);
        }
    }

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Map<String, String> texts = new HashMap<>();
    private final Map<String, String> others = new HashMap<>();

    private JsonRow() {}

    /** Parses a line. */
    static JsonRow parse(byte[] line, int length) throws MalformedException {
        JsonRow row = new JsonRow();
        try (JsonParser parser = FACTORY.createParser(line, 0, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedException("is no JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value == JsonToken.VALUE_STRING) {
                    row.texts.put(field, parser.getText());
                } else if (value != null && value.isScalarValue()) {
                    row.others.put(field, parser.getText());
                } else {
                    parser.skipChildren(); // a list of a row of another type
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
                throw new MalformedException("is no JSON object");
            }
            return row;
        } catch (IOException e) {
            throw new MalformedException("is no JSON object, or is cut");
        }
    }

    /** Returns a text. */
    String text(String field) throws MalformedException {
        String text = texts.get(field);
        if (text == null) {
            throw wrong(field);
        }
        return text;
    }

    /** Returns a text; null if it is null or missing. */
    String textOrNull(String field) {
        return texts.get(field);
    }

    /** Returns the bytes of a name; none if it is null or missing. */
    byte[] bytes(String field) throws MalformedException {
        String encoded = texts.get(field + "_base64");
        if (encoded == null) {
            String text = texts.get(field);
            return text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return Base64.getDecoder().decode(encoded);
        } catch (IllegalArgumentException e) {
            throw wrong(field + "_base64");
        }
    }

    /** Returns an unsigned number. */
    long number(String field) throws MalformedException {
        String text = others.get(field);
        try {
            return Long.parseUnsignedLong(String.valueOf(text));
        } catch (NumberFormatException e) {
            throw wrong(field);
        }
    }

    /** Returns a number; -1 if it is null or missing. */
    long numberOrUnknown(String field) throws MalformedException {
        String text = others.get(field);
        return text == null || text.equals("null") ? -1 : number(field) & Long.MAX_VALUE;
    }

    /** Returns an address or an offset, {@code "0x..."}. */
    long hex(String field) throws MalformedException {
        String text = texts.get(field);
        try {
            if (text != null && text.startsWith("0x")) {
                return Long.parseUnsignedLong(text.substring(2), 16);
            }
        } catch (NumberFormatException e) {
            throw wrong(field);
        }
        throw wrong(field);
    }

    /** Returns a boolean; null if it is null or missing. */
    Boolean bool(String field) throws MalformedException {
        String text = others.get(field);
        if (text == null || text.equals("null")) {
            return null;
        }
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(field);
        }
        return Boolean.valueOf(text);
    }

    private MalformedException wrong(String field) {
        boolean isMissing = !texts.containsKey(field) && !others.containsKey(field);
        return new MalformedException(isMissing ? "has no field " + field : "has a field " + field + " that is wrong");
    }
}
