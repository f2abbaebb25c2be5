package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolInfo;

/**
 * Writes JSON Lines: one object on each line, as docs/reference/mapfiles.schema.json describes them. A line is written
 * to the stream when it is complete, so a failure leaves no part of a line.
 *
 * <p>Addresses and offsets are strings, {@code "0x..."}: many JSON readers round numbers above 2<sup>53</sup>. An
 * unknown or absent value is null.
 */
public final class JsonLines {
    /** Version of the schema. It changes when a field or a row type is removed, is renamed, or changes its meaning. */
    public static final int VERSION = 1;

    private final JsonBuffer line = new JsonBuffer();
    private final OutputStream out;
    /** The fields of the names of symbols that were written: a profile has the same names many times. */
    private final NameCache<byte[]> symbols = new NameCache<>();
    /** The fields of ELF files that were written. */
    private final Map<ElfFile, byte[]> files = new IdentityHashMap<>();

    public JsonLines(OutputStream out) {
        this.out = out;
    }

    /** Returns the length of the line so far. */
    int length() {
        return line.length();
    }

    /** Returns the fields that were written from a length of the line on. */
    byte[] from(int start) {
        return line.from(start);
    }

    /** Writes fields that {@link #from} has returned, after the same fields of another line. */
    JsonLines fields(byte[] fields) {
        line.append(fields);
        return this;
    }

    /**
     * Begins a row with the fields that every row has. Drops a row that was not ended.
     *
     * @param type the row's shape: a definition of the schema
     * @param pid of the process; 0 or less: a saved file does not record it
     */
    public JsonLines beginRow(String type, long pid) throws IOException {
        line.clear();
        return beginObject().number("version", VERSION).text("type", type).numberOrNull("pid", pid > 0 ? pid : -1);
    }

    /** Begins a row whose beginning {@link #from} has returned. Drops a row that was not ended. */
    JsonLines beginRow(byte[] beginning) {
        line.begin(beginning);
        return this;
    }

    /** Begins an object of a list. */
    public JsonLines beginObject() throws IOException {
        line.begin('{');
        return this;
    }

    /** Ends an object. Writes the line if the object is a row. */
    public JsonLines end() throws IOException {
        if (line.end('}')) {
            line.writeTo(out);
        }
        return this;
    }

    public JsonLines beginList(String field) throws IOException {
        line.field(field);
        line.begin('[');
        return this;
    }

    /** Writes a text as an element of a list. */
    public JsonLines element(String value) throws IOException {
        line.text(value);
        return this;
    }

    public JsonLines endList() throws IOException {
        line.end(']');
        return this;
    }

    public JsonLines number(String field, long value) throws IOException {
        line.field(field);
        line.number(value);
        return this;
    }

    /** Writes a number, or null if the value is negative: unknown. */
    public JsonLines numberOrNull(String field, long value) throws IOException {
        return value < 0 ? nullValue(field) : number(field, value);
    }

    /** Writes a 64-bit number that may be above 2<sup>63</sup>. */
    public JsonLines unsigned(String field, long value) throws IOException {
        line.field(field);
        if (value < 0) {
            line.value(Long.toUnsignedString(value));
        } else {
            line.number(value);
        }
        return this;
    }

    /** Writes an address or an offset. */
    public JsonLines hex(String field, long value) throws IOException {
        line.field(field);
        line.hex(value);
        return this;
    }

    /** Writes a text; null for null. */
    public JsonLines text(String field, String value) throws IOException {
        if (value == null) {
            return nullValue(field);
        }
        line.field(field);
        line.text(value);
        return this;
    }

    /** Writes a text; null for an empty one. */
    public JsonLines textOrNull(String field, String value) throws IOException {
        return text(field, value.isEmpty() ? null : value);
    }

    public JsonLines bool(String field, boolean value) throws IOException {
        line.field(field);
        line.value(Boolean.toString(value));
        return this;
    }

    public JsonLines nullValue(String field) throws IOException {
        line.field(field);
        line.value("null");
        return this;
    }

    /**
     * Writes a text of bytes. If they are not UTF-8, U+FFFD replaces the wrong ones, and {@code field_base64} holds all
     * bytes.
     */
    public JsonLines bytes(String field, byte[] value) throws IOException {
        text(field, new String(value, StandardCharsets.UTF_8));
        if (!FileName.isUtf8(value)) {
            text(field + "_base64", Base64.getEncoder().encodeToString(value));
        }
        return this;
    }

    /** Writes {@code start}, {@code end} and {@code size} of a range of addresses. */
    public JsonLines range(long start, long end) throws IOException {
        return hex("start", start).hex("end", end).unsigned("size", end - start);
    }

    /** Writes the fields that describe a mapping. */
    public JsonLines mapping(Mapping mapping, FileName name) throws IOException {
        return mapping(mapping, name, mapping.permissions());
    }

    /**
     * Writes the fields that describe a mapping of a saved file.
     *
     * @param permissions with ? for what is unknown
     */
    JsonLines mapping(Mapping mapping, FileName name, String permissions) throws IOException {
        range(mapping.start(), mapping.end()).text("perms", permissions).hex("offset", mapping.offset());
        return file(mapping, name);
    }

    /** Writes the fields of a mapping that describe its file: device, inode, kind, path, deleted. */
    public JsonLines file(Mapping mapping, FileName name) throws IOException {
        if (mapping.isFileBacked()
                && mapping.inode() == 0
                && mapping.deviceMajor() == 0
                && mapping.deviceMinor() == 0) {
            nullValue("dev_major").nullValue("dev_minor").nullValue("inode"); // a core file does not record them
        } else {
            number("dev_major", Integer.toUnsignedLong(mapping.deviceMajor()))
                    .number("dev_minor", Integer.toUnsignedLong(mapping.deviceMinor()))
                    .unsigned("inode", mapping.inode());
        }
        text("kind", constant(mapping.kind()));
        if (name.raw().length == 0) {
            nullValue("path");
        } else {
            bytes("path", name.raw());
        }
        return deleted(name.deletion());
    }

    /**
     * Writes the fields of the symbol at an address of a process, and of its file.
     *
     * @param distance from the address of the symbol to the address of the row
     */
    JsonLines symbol(SymbolInfo info, int distance, SymbolNames names) throws IOException {
        symbolName(info, distance, names);
        elfAddress(info, distance);
        ElfFile file = info.file();
        byte[] fields = file == null ? null : files.get(file);
        if (fields != null) {
            return fields(fields);
        }
        int start = line.length();
        buildIds(file, file == null ? null : file.buildId().orElse(null));
        if (file != null) {
            files.put(file, line.from(start));
        }
        return this;
    }

    private void symbolName(SymbolInfo info, int distance, SymbolNames names) throws IOException {
        if (info.status() != SymbolInfo.Status.FOUND || info.name() == null) {
            nullValue("symbol").nullValue("symbol_demangled").nullValue("symbol_offset");
            return;
        }
        String symbol = info.name();
        byte[] fields = symbols.get(symbol);
        if (fields == null) {
            int start = line.length();
            text("symbol", symbol).text("symbol_demangled", names.demangled(symbol));
            byte[] written = line.from(start);
            symbols.put(symbol, written, written.length);
        } else {
            fields(fields);
        }
        hex("symbol_offset", info.offset() + distance);
    }

    /**
     * Writes the fields of the symbol at a saved address, and of its file.
     *
     * @param distance from the address of the symbol to the address of the row
     * @param check null: the mapping has no file, but may be the vdso
     */
    JsonLines symbol(SymbolInfo info, int distance, SymbolNames names, FileCheck check) throws IOException {
        if (check == null) {
            return symbol(info, distance, names).check(null);
        }
        symbolName(info, distance, names);
        // a debug file with the same build ID is another file
        ElfFile mapped = check.result() == FileCheck.Result.SAME ? info.file() : null;
        elfAddress(info, distance);
        return buildIds(mapped, SavedSymbols.buildId(check)).check(check);
    }

    /**
     * Writes the fields of an ELF file.
     *
     * @param at the ELF address, or why it is unknown
     * @param file null: there is none, or it was not opened
     */
    public JsonLines elfFile(SymbolInfo at, ElfFile file) throws IOException {
        elfAddress(at, 0);
        return buildIds(file, file == null ? null : file.buildId().orElse(null));
    }

    private void elfAddress(SymbolInfo at, int distance) throws IOException {
        if (at.hasElfAddress()) {
            hex("elf_address", at.elfAddress() + distance);
        } else {
            nullValue("elf_address");
        }
    }

    /** @param file null: there is no mapped file, or it is not there */
    private JsonLines buildIds(ElfFile file, String buildId) throws IOException {
        return text("build_id", buildId)
                .text("go_build_id", file == null ? null : file.goBuildId().orElse(null))
                .text("htlhash", file == null ? null : file.htlhash().orElse(null));
    }

    /** Writes the fields of a symbol, for an address in no mapping. */
    JsonLines noSymbol() throws IOException {
        return nullValue("symbol")
                .nullValue("symbol_demangled")
                .nullValue("symbol_offset")
                .nullValue("elf_address")
                .nullValue("build_id")
                .nullValue("go_build_id")
                .nullValue("htlhash");
    }

    /** Writes whether the file of a saved mapping is still the same; null: the mapping has no file. */
    JsonLines check(FileCheck check) throws IOException {
        text("file_now", check == null ? null : constant(check.result()))
                .text("file_why", check == null ? null : check.reason());
        return check == null || check.size().isEmpty()
                ? nullValue("file_size_now")
                : number("file_size_now", check.size().getAsLong());
    }

    /** Writes {@code deleted}. */
    public JsonLines deleted(Deletion deletion) throws IOException {
        return deletion == Deletion.UNKNOWN ? nullValue("deleted") : bool("deleted", deletion == Deletion.DELETED);
    }

    /** Writes the fields that describe a mapping, for an address that is in none. */
    public JsonLines noMapping() throws IOException {
        return nullValue("start")
                .nullValue("end")
                .nullValue("size")
                .nullValue("perms")
                .nullValue("offset")
                .nullValue("dev_major")
                .nullValue("dev_minor")
                .nullValue("inode")
                .nullValue("kind")
                .nullValue("path")
                .nullValue("deleted");
    }

    /** Returns a constant as JSON shows it: in lower case. */
    public static String constant(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
