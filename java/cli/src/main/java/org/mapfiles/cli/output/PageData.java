package org.mapfiles.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the data of a page as JSON inside of an HTML element {@code script}.
 *
 * <p>Names are bytes that a process has chosen. The output is ASCII without {@code <}, {@code >} and {@code &}, so no
 * name can end the element or begin another one (HTML standard, "Restrictions for contents of script elements").
 *
 * <p>The format is compact. Texts are in lists and are referred to by index. Addresses, sizes and offsets are in units
 * of 4 KiB, so that each is exact as a number of JavaScript.
 */
final class PageData {
    /** Bytes of a unit. */
    static final long UNIT = 4096;

    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .characterEscapes(new HtmlEscapes())
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /** Escapes the characters that HTML gives a meaning. */
    private static final class HtmlEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        @Override
        public int[] getEscapeCodesForAscii() {
            int[] escapes = standardAsciiEscapesForJSON();
            for (char c : new char[] {'<', '>', '&', '\''}) {
                escapes[c] = ESCAPE_STANDARD;
            }
            return escapes;
        }

        @Override
        public SerializableString getEscapeSequence(int c) {
            return null; // no escape is a custom one
        }
    }

    private final Texts names = new Texts();
    private final Texts kinds = new Texts();
    private final Texts permissions = new Texts();
    private final Texts buildIds = new Texts();
    private final Texts regions = new Texts();
    private final Texts details = new Texts();
    private final JsonGenerator json;

    private PageData(OutputStream out) throws IOException {
        json = FACTORY.createGenerator(out);
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    }

    /** Writes the states. */
    static void write(List<PageState> states, boolean isSameProcess, OutputStream out) throws IOException {
        PageData data = new PageData(out);
        data.write(states, isSameProcess);
        data.json.close();
    }

    private void write(List<PageState> states, boolean isSameProcess) throws IOException {
        json.writeStartObject();
        json.writeBooleanField("sameProcess", isSameProcess);
        json.writeArrayFieldStart("states");
        for (PageState state : states) {
            write(state);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("names");
        names.writeFrontCoded(json);
        json.writeEndArray();
        kinds.write("kinds", json);
        permissions.write("perms", json);
        buildIds.write("buildIds", json);
        regions.write("regions", json);
        details.write("details", json);
        json.writeEndObject();
    }

    private void write(PageState state) throws IOException {
        json.writeStartObject();
        json.writeStringField("label", state.label());
        json.writeStringField("time", state.time());
        json.writeNumberField("pid", state.pid());
        json.writeArrayFieldStart("mappings");
        long end = 0;
        for (PageMapping mapping : state.mappings()) {
            writeMapping(mapping, end);
            end = mapping.end();
        }
        json.writeEndArray();
        if (state.samples() != null) {
            writeSamples(state.samples());
        }
        json.writeArrayFieldStart("changes");
        for (PageChange change : state.changes()) {
            json.writeStartArray();
            json.writeNumber(change.millis());
            json.writeNumber(change.type().ordinal());
            if (change.mapping() != null) {
                json.writeNumber(units(change.wasStart()));
                json.writeNumber(units(change.wasEnd() - change.wasStart()));
                writeMapping(change.mapping(), 0);
            }
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /**
     * Writes a pair for each mapping with samples: how many mappings are before it since the last pair, and the count.
     */
    private void writeSamples(PageSamples samples) throws IOException {
        json.writeNumberField("unmapped", samples.unmapped());
        json.writeArrayFieldStart("samples");
        int next = 0;
        for (int i = 0; i < samples.counts().length; i++) {
            if (samples.counts()[i] > 0) {
                json.writeNumber(i - next);
                json.writeNumber(samples.counts()[i]);
                next = i + 1;
            }
        }
        json.writeEndArray();
    }

    /** Writes the fields of a mapping; page.js reads them in this order. */
    private void writeMapping(PageMapping mapping, long from) throws IOException {
        StateEntry entry = mapping.entry();
        json.writeNumber(units(mapping.start() - from));
        json.writeNumber(units(mapping.end() - mapping.start()));
        writeUnits(entry.inode() == 0 ? 0 : entry.offset() + (mapping.start() - entry.start()));
        json.writeNumber(permissions.index(entry.perms()));
        json.writeNumber(names.index(name(entry)));
        json.writeNumber(kinds.index(entry.kind()));
        json.writeNumber(buildIds.index(entry.buildId() == null ? "" : entry.buildId()));
        json.writeNumber(regions.index(mapping.region() == null ? "" : mapping.region()));
        json.writeNumber(details.index(Printable.text(mapping.detail()) + (mapping.isInferred() ? "?" : "")));
        writeUnits(mapping.rss());
    }

    static String name(StateEntry entry) {
        return entry.path().length == 0 ? "" : FileName.display(entry.path(), entry.deletion());
    }

    private static long units(long bytes) {
        return bytes >>> 12;
    }

    /** Writes a number of bytes; -1 stays -1. A saved file may hold one that is no multiple of a unit. */
    private void writeUnits(long bytes) throws IOException {
        if (bytes < 0 || bytes % UNIT == 0) {
            json.writeNumber(bytes < 0 ? -1 : bytes / UNIT);
        } else {
            json.writeNumber((double) bytes / UNIT);
        }
    }

    /** Texts in the order of their first use. */
    private static final class Texts {
        private final Map<String, Integer> indices = new LinkedHashMap<>();

        int index(String text) {
            Integer index = indices.putIfAbsent(text, indices.size());
            return index == null ? indices.size() - 1 : index;
        }

        void write(String field, JsonGenerator json) throws IOException {
            json.writeArrayFieldStart(field);
            for (String text : indices.keySet()) {
                json.writeString(text);
            }
            json.writeEndArray();
        }

        /** Writes for each text how many characters it shares with the one before, and the rest of it. */
        void writeFrontCoded(JsonGenerator json) throws IOException {
            String before = "";
            for (String text : new ArrayList<>(indices.keySet())) {
                int shared = 0;
                int limit = Math.min(before.length(), text.length());
                while (shared < limit && before.charAt(shared) == text.charAt(shared)) {
                    shared++;
                }
                json.writeNumber(shared);
                json.writeString(text.substring(shared));
                before = text;
            }
        }
    }
}
