package org.mapfiles.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.mapfiles.Deletion;
import org.mapfiles.Mapping;

/** JSON Lines: one object a line. A line is written when it is whole, so whatever fails meanwhile leaves no part of one. */
public final class JsonLines {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final OutputStream out;
    private final JsonGenerator json;

    public JsonLines(OutputStream out) throws IOException {
        this.out = out;
        json = new JsonFactory().createGenerator(line).setPrettyPrinter(new MinimalPrettyPrinter(""));
    }

    public JsonLines begin() throws IOException {
        json.writeStartObject();
        return this;
    }

    /** Ends an object; writes the line if that is the outermost one. */
    public JsonLines end() throws IOException {
        json.writeEndObject();
        if (json.getOutputContext().inRoot()) {
            json.writeRaw('\n');
            json.flush();
            line.writeTo(out);
            line.reset();
        }
        return this;
    }

    public JsonLines number(String field, long value) throws IOException {
        json.writeNumberField(field, value);
        return this;
    }

    /** A 64-bit number that may pass 2<sup>63</sup>. */
    public JsonLines unsigned(String field, long value) throws IOException {
        json.writeFieldName(field);
        json.writeNumber(Long.toUnsignedString(value));
        return this;
    }

    /** An address or offset, which JSON numbers could not hold everywhere: {@code "0x..."}. */
    public JsonLines hex(String field, long value) throws IOException {
        return text(field, "0x" + Long.toHexString(value));
    }

    public JsonLines text(String field, String value) throws IOException {
        json.writeFieldName(field);
        json.writeRawValue(Printable.json(value));
        return this;
    }

    public JsonLines bool(String field, boolean value) throws IOException {
        json.writeBooleanField(field, value);
        return this;
    }

    public JsonLines nothing(String field) throws IOException {
        json.writeNullField(field);
        return this;
    }

    /** {@code path}, null without one, and {@code path_base64} where that is not UTF-8. */
    public JsonLines path(FileName name) throws IOException {
        return name.raw().length == 0 ? nothing("path") : bytes("path", name.raw());
    }

    /** A text of bytes that should be UTF-8; where they are not, U+FFFD stands for them, and all are in {@code field_base64}. */
    public JsonLines bytes(String field, byte[] value) throws IOException {
        text(field, new String(value, StandardCharsets.UTF_8));
        if (!FileName.isUtf8(value)) {
            json.writeBinaryField(field + "_base64", value);
        }
        return this;
    }

    /** {@code deleted}: null where it is not known. */
    public JsonLines deleted(Deletion deletion) throws IOException {
        if (deletion == Deletion.UNKNOWN) {
            json.writeNullField("deleted");
        } else {
            bool("deleted", deletion == Deletion.DELETED);
        }
        return this;
    }

    /** The fields that {@code mapfiles maps --json} has, but for the process. */
    public JsonLines mapping(Mapping mapping, FileName name) throws IOException {
        return hex("start", mapping.start()).hex("end", mapping.end()).text("perms", mapping.permissions()).hex("offset", mapping.offset())
                .number("dev_major", Integer.toUnsignedLong(mapping.deviceMajor()))
                .number("dev_minor", Integer.toUnsignedLong(mapping.deviceMinor())).unsigned("inode", mapping.inode())
                .text("kind", mapping.kind().name().toLowerCase(Locale.ROOT)).path(name).deleted(name.deletion());
    }

    public JsonLines beginList(String field) throws IOException {
        json.writeArrayFieldStart(field);
        return this;
    }

    public JsonLines endList() throws IOException {
        json.writeEndArray();
        return this;
    }
}
