package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.mapfiles.cli.output.PageChange;
import org.mapfiles.cli.output.PageMapping;
import org.mapfiles.cli.output.PageState;
import org.mapfiles.cli.output.Terminal;

/** Reads what {@code mapfiles watch --json} writes. Nothing of the file is trusted. */
final class WatchRecording {
    private static final Set<String> TYPES = Set.of("present", "added", "removed", "changed", "exec", "lost");
    private static final int MAX_CHANGES = 1 << 20;

    /** Maximum number of problems that are printed. */
    private static final int MAX_PRINTED = 10;

    private final String label;
    private final Terminal terminal;
    private final List<PageMapping> present = new ArrayList<>();
    private final List<PageChange> changes = new ArrayList<>();
    private String time;
    private long pid = -1;
    private long problems;

    private WatchRecording(String label, Terminal terminal) {
        this.label = label;
        this.terminal = terminal;
    }

    /** Reads a file. Returns null if its first row is not one of {@code watch}. */
    static WatchRecording read(ArgumentFile file, String label, Terminal terminal) throws IOException {
        try (InputStream in = file.open()) {
            BoundedLines lines = new BoundedLines(in);
            if (!lines.next() || !isRecording(lines)) {
                return null;
            }
            WatchRecording recording = new WatchRecording(label, terminal);
            do {
                try {
                    recording.add(lines);
                } catch (JsonRow.MalformedException e) {
                    recording.problem("line " + lines.number() + " " + e.getMessage());
                }
            } while (lines.next());
            recording.end();
            return recording;
        }
    }

    private static boolean isRecording(BoundedLines lines) {
        if (lines.length() == 0 || lines.bytes()[0] != '{' || lines.isTooLong()) {
            return false;
        }
        try {
            return TYPES.contains(JsonRow.parse(lines.bytes(), lines.length()).text("type"));
        } catch (JsonRow.MalformedException e) {
            return false;
        }
    }

    private void add(BoundedLines lines) throws JsonRow.MalformedException {
        if (lines.isTooLong() || !lines.isComplete()) {
            throw new JsonRow.MalformedException("is too long, or has no newline at its end: the file is cut");
        }
        if (lines.length() == 0) {
            return;
        }
        JsonRow row = JsonRow.parse(lines.bytes(), lines.length());
        String type = row.text("type");
        if (!TYPES.contains(type)) {
            return; // rows of other types may be added to the schema
        }
        if (present.size() + changes.size() == MAX_CHANGES) {
            throw new JsonRow.MalformedException("is left out: a page has at most " + MAX_CHANGES + " rows");
        }
        long millis = millis(row.text("time"));
        pid = pid < 0 ? row.numberOrUnknown("pid") : pid;
        time = time == null ? row.text("time") : time;
        if (type.equals("exec") || type.equals("lost")) {
            changes.add(new PageChange(millis, PageChange.Type.valueOf(upper(type)), null, 0, 0));
            return;
        }
        PageMapping mapping = PageMapping.of(SavedState.entry(row));
        if (!mapping.isAligned()) {
            throw new JsonRow.MalformedException("has a range that is no multiple of 4096 bytes");
        }
        if (type.equals("present")) {
            present.add(mapping);
            return;
        }
        boolean isChanged = type.equals("changed");
        changes.add(new PageChange(
                millis,
                PageChange.Type.valueOf(upper(type)),
                mapping,
                isChanged ? row.hex("was_start") : mapping.start(),
                isChanged ? row.hex("was_end") : mapping.end()));
    }

    private static String upper(String type) {
        return type.toUpperCase(Locale.ROOT);
    }

    private static long millis(String time) throws JsonRow.MalformedException {
        try {
            return Instant.parse(time).toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw new JsonRow.MalformedException("has a time that is none");
        }
    }

    private void end() {
        present.sort((a, b) -> Long.compareUnsigned(a.start(), b.start()));
        for (int i = present.size() - 1; i > 0; i--) {
            if (Long.compareUnsigned(present.get(i - 1).end(), present.get(i).start()) > 0) {
                problem("two mappings at the start overlap: the later one is left out");
                present.remove(i);
            }
        }
        changes.sort(Comparator.comparingLong(PageChange::millis)); // stable: the order of the rows counts
        if (present.isEmpty()) {
            terminal.report(label + ": it has no mappings of the start: record with 'mapfiles watch --initial --json'");
        }
        if (problems > MAX_PRINTED) {
            terminal.report(problems - MAX_PRINTED + " more parts of the file cannot be used");
        }
    }

    private void problem(String text) {
        if (problems++ < MAX_PRINTED) {
            terminal.report(label + ": " + text);
        }
    }

    boolean isWhole() {
        return problems == 0;
    }

    /** Returns the state at the start, with the changes. */
    PageState state() {
        return new PageState(label, time, pid, present, changes);
    }
}
