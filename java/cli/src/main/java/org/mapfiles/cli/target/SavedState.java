package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.output.StateEntry;

/**
 * Reads what {@code mapfiles save} and {@code mapfiles maps --json} write. A line that cannot be used is a problem, and
 * the rest is used. Nothing of the file is trusted.
 */
final class SavedState {
    private static final int MAX_ENTRIES = 1 << 21;
    private static final Pattern PERMISSIONS = Pattern.compile("[r-][w-][x-][sp]");
    private static final Pattern BUILD_ID = Pattern.compile("([0-9a-f]{2}){1,64}");
    private static final Pattern WORD = Pattern.compile("[a-z_]{1,40}");

    private final Consumer<String> problems;
    private final List<StateEntry> entries = new ArrayList<>();
    private ProcessIdentity identity = ProcessIdentity.UNKNOWN;
    private String time;
    private boolean hasHead;
    private boolean isEnded;
    private boolean hasProblem;

    private SavedState(Consumer<String> problems) {
        this.problems = problems;
    }

    /**
     * Reads a stream.
     *
     * @param problems receives what cannot be used, as a sentence without the name of the file
     * @throws IOException if the stream cannot be read, or no mapping is in it
     */
    static ProcessState read(InputStream in, Consumer<String> problems) throws IOException {
        SavedState state = new SavedState(problems);
        BoundedLines lines = new BoundedLines(in);
        while (lines.next()) {
            try {
                state.add(lines);
            } catch (JsonRow.MalformedException e) {
                state.problem("line " + lines.number() + " " + e.getMessage());
            }
        }
        if (state.hasHead && !state.isEnded) {
            state.problem("the end is missing after line " + lines.number() + ": the file is cut");
        }
        if (!state.hasHead && state.entries.isEmpty()) {
            throw new MalformedMapsException("no line is a row of 'mapfiles save' or 'mapfiles maps --json'", 1);
        }
        return new ProcessState(state.identity, state.time, state.entries, !state.hasProblem);
    }

    private void problem(String text) {
        hasProblem = true;
        problems.accept(text);
    }

    private void add(BoundedLines lines) throws JsonRow.MalformedException {
        if (lines.isTooLong()) {
            throw new JsonRow.MalformedException("is longer than " + BoundedLines.MAX_LINE + " bytes");
        }
        if (!lines.isComplete()) {
            throw new JsonRow.MalformedException("has no newline at its end: the file is cut");
        }
        if (lines.length() == 0) {
            return;
        }
        JsonRow row = JsonRow.parse(lines.bytes(), lines.length());
        if (row.number("version") != JsonLines.VERSION) {
            throw new JsonRow.MalformedException("has another version than " + JsonLines.VERSION);
        }
        if (isEnded) {
            throw new JsonRow.MalformedException("is after the end of the state: one file holds one state");
        }
        switch (row.text("type")) {
            case "saved":
                addHead(row);
                break;
            case "mapping":
            case "saved_mapping":
                addMapping(row);
                break;
            case "saved_end":
                isEnded = true;
                if (row.number("mappings") != entries.size()) {
                    throw new JsonRow.MalformedException(
                            "counts " + row.number("mappings") + " mappings, and " + entries.size() + " were read");
                }
                break;
            default:
                break; // rows of other types may be added to the schema
        }
    }

    private void addHead(JsonRow row) throws JsonRow.MalformedException {
        if (hasHead || !entries.isEmpty()) {
            throw new JsonRow.MalformedException("is the head of a second state: one file holds one state");
        }
        hasHead = true;
        time = row.textOrNull("saved_at");
        identity = new ProcessIdentity(
                row.numberOrUnknown("pid"),
                row.numberOrUnknown("started"),
                row.textOrNull("boot_id"),
                row.bytes("process_name"));
    }

    private void addMapping(JsonRow row) throws JsonRow.MalformedException {
        StateEntry entry = entry(row);
        if (!entries.isEmpty()
                && Long.compareUnsigned(entries.get(entries.size() - 1).end(), entry.start()) > 0) {
            throw new JsonRow.MalformedException("overlaps a mapping before it, or is not in order of address");
        }
        if (entries.size() == MAX_ENTRIES) {
            throw new JsonRow.MalformedException("is left out: a state has at most " + MAX_ENTRIES + " mappings");
        }
        entries.add(entry);
    }

    /** Returns the mapping of a row. */
    static StateEntry entry(JsonRow row) throws JsonRow.MalformedException {
        StateEntry entry = new StateEntry(
                row.hex("start"),
                row.hex("end"),
                matching(row.text("perms"), PERMISSIONS, "perms"),
                row.hex("offset"),
                row.number("dev_major") & 0xffffffffL,
                row.number("dev_minor") & 0xffffffffL,
                row.number("inode"),
                matching(row.text("kind"), WORD, "kind"),
                row.bytes("path"),
                deletion(row.bool("deleted")),
                row.textOrNull("build_id") == null ? null : matching(row.text("build_id"), BUILD_ID, "build_id"),
                row.numberOrUnknown("rss"),
                row.numberOrUnknown("swap"));
        if (Long.compareUnsigned(entry.start(), entry.end()) >= 0) {
            throw new JsonRow.MalformedException("has an end that is not above its start");
        }
        for (byte b : entry.path()) {
            if (b == 0) {
                throw new JsonRow.MalformedException("has a path with a NUL");
            }
        }
        return entry;
    }

    private static String matching(String text, Pattern pattern, String field) throws JsonRow.MalformedException {
        if (!pattern.matcher(text).matches()) {
            throw new JsonRow.MalformedException("has a field " + field + " that is wrong");
        }
        return text;
    }

    private static Deletion deletion(Boolean deleted) {
        return deleted == null ? Deletion.UNKNOWN : deleted ? Deletion.DELETED : Deletion.NOT_DELETED;
    }
}
