package org.mapfiles.cli;

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
final class JsonLines {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final OutputStream out;
    private final JsonGenerator json;

    JsonLines(OutputStream out) throws IOException {
        this.out = out;
        json = new JsonFactory().createGenerator(line).setPrettyPrinter(new MinimalPrettyPrinter(""));
    }

    JsonLines begin() throws IOException {
        json.writeStartObject();
        return this;
    }

    /** Ends an object; writes the line if that is the outermost one. */
    JsonLines end() throws IOException {
        json.writeEndObject();
        if (json.getOutputContext().inRoot()) {
            json.writeRaw('\n');
            json.flush();
            line.writeTo(out);
            line.reset();
        }
        return this;
    }

    JsonLines number(String field, long value) throws IOException {
        json.writeNumberField(field, value);
        return this;
    }

    /** A 64-bit number that may pass 2<sup>63</sup>. */
    JsonLines unsigned(String field, long value) throws IOException {
        json.writeFieldName(field);
        json.writeNumber(Long.toUnsignedString(value));
        return this;
    }

    /** An address or offset, which JSON numbers could not hold everywhere: {@code "0x..."}. */
    JsonLines hex(String field, long value) throws IOException {
        return text(field, "0x" + Long.toHexString(value));
    }

    JsonLines text(String field, String value) throws IOException {
        json.writeFieldName(field);
        json.writeRawValue(Printable.json(value));
        return this;
    }

    JsonLines bool(String field, boolean value) throws IOException {
        json.writeBooleanField(field, value);
        return this;
    }

    JsonLines nothing(String field) throws IOException {
        json.writeNullField(field);
        return this;
    }

    /** {@code path}, null without one, and {@code path_base64} where that is not UTF-8. */
    JsonLines path(FileName name) throws IOException {
        return name.raw().length == 0 ? nothing("path") : bytes("path", name.raw());
    }

    /** A text of bytes that should be UTF-8; where they are not, U+FFFD stands for them, and all are in {@code field_base64}. */
    JsonLines bytes(String field, byte[] value) throws IOException {
        text(field, new String(value, StandardCharsets.UTF_8));
        if (!FileName.isUtf8(value)) {
            json.writeBinaryField(field + "_base64", value);
        }
        return this;
    }

    /** {@code deleted}: null where it is not known. */
    JsonLines deleted(Deletion deletion) throws IOException {
        if (deletion == Deletion.NOT_KNOWN) {
            json.writeNullField("deleted");
        } else {
            bool("deleted", deletion == Deletion.DELETED);
        }
        return this;
    }

    /** The fields that {@code mapfiles maps --json} has, but for the process. */
    JsonLines mapping(Mapping mapping, FileName name) throws IOException {
        return hex("start", mapping.start()).hex("end", mapping.end()).text("perms", mapping.permissions()).hex("offset", mapping.offset())
                .number("dev_major", Integer.toUnsignedLong(mapping.deviceMajor()))
                .number("dev_minor", Integer.toUnsignedLong(mapping.deviceMinor())).unsigned("inode", mapping.inode())
                .text("kind", mapping.kind().name().toLowerCase(Locale.ROOT)).path(name).deleted(name.deletion());
    }

    JsonLines beginList(String field) throws IOException {
        json.writeArrayFieldStart(field);
        return this;
    }

    JsonLines endList() throws IOException {
        json.writeEndArray();
        return this;
    }
}
