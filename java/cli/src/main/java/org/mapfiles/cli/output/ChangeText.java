package org.mapfiles.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/**
 * Prints changes of mappings as text: time, mark, range, size, permissions, name. Many changes of mappings with one
 * name that come together, such as those of a garbage collection, are one line.
 */
public final class ChangeText implements ChangePrinter {
    /** More changes of one name are one line. */
    private static final int MAX_LINES = 3;
    /** Changes that are kept until they are printed together: their number, and their time in nanoseconds. */
    private static final int MAX_KEPT = 4096;

    private static final long MAX_NANOS = 1_000_000_000;
    /** Columns of a name that a line has room for. */
    private static final int MIN_NAME = 12;
    /** Of the second line of a change. */
    private static final String INDENT = "    ";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS").withZone(ZoneId.systemDefault());
    /** For lines with a PID on a terminal: they need the room. */
    private static final DateTimeFormatter SHORT_TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    private final Terminal terminal;
    private final boolean hasEach;
    private final int width;
    /** Of a PID that each line has; empty: none. */
    private final String process;

    private final List<Kept> kept = new ArrayList<>();

    /** A change that is not printed yet. */
    private record Kept(MapChange change, long wallClock, String name) {}

    /**
     * @param pid that each line has; 0: none
     * @param hasEach whether each change is a line, as soon as it comes
     * @param isWide whether lines may be wider than the terminal
     */
    public ChangeText(Terminal terminal, int pid, boolean hasEach, boolean isWide) {
        this.terminal = terminal;
        this.hasEach = hasEach;
        width = isWide ? 0 : terminal.width();
        process = pid == 0 ? "" : String.format(Locale.ROOT, "%7d  ", pid);
    }

    @Override
    public void print(MapChange change, long wallClock) throws IOException {
        if (change.mapping() == null) {
            flush();
            printLine(change, wallClock);
        } else if (!isVisible(change)) {
            return;
        } else if (hasEach) {
            printLine(change, wallClock);
        } else {
            kept.add(new Kept(change, wallClock, name(change.mapping())));
            if (kept.size() >= MAX_KEPT || change.time() - kept.get(0).change.time() > MAX_NANOS) {
                flush();
            }
        }
    }

    @Override
    public void printPresent(Mapping mapping, long time) throws IOException {
        line(time, "  ", "=  " + prefix(mapping), name(mapping), "");
    }

    @Override
    public void flush() throws IOException {
        Map<String, List<Kept>> byName = new HashMap<>();
        kept.forEach(each ->
                byName.computeIfAbsent(each.name, name -> new ArrayList<>()).add(each));
        Set<String> printed = new HashSet<>();
        for (Kept each : kept) {
            List<Kept> same = byName.get(each.name);
            if (same.size() <= MAX_LINES) {
                printLine(each.change, each.wallClock);
            } else if (printed.add(each.name)) {
                printBurst(same);
            }
        }
        kept.clear();
    }

    /** Prints changes of one name as one line: how many were added, removed, changed, and their bytes. */
    private void printBurst(List<Kept> changes) throws IOException {
        ChangeSummary summary = new ChangeSummary();
        changes.forEach(each -> summary.add(each.change));
        Kept first = changes.get(0);
        line(
                first.wallClock + first.change.time(),
                first.change.isExact() ? "  " : "? ",
                "*  " + summary.counts(),
                FileName.orAnonymous(first.name),
                "");
    }

    private void printLine(MapChange change, long wallClock) throws IOException {
        long time = wallClock + change.time();
        String mark = change.isExact() ? "  " : "? ";
        switch (change.kind()) {
            case ADDED:
                line(time, mark, "+  " + prefix(change.mapping()), name(change.mapping()), split(change, "split"));
                break;
            case REMOVED:
                line(time, mark, "-  " + prefix(change.mapping()), name(change.mapping()), split(change, "merged"));
                break;
            case CHANGED:
                line(time, mark, "~  " + prefix(change.mapping()), name(change.mapping()), "  was " + was(change));
                break;
            case EXEC:
                line(time, mark, "!  another program runs", "", "");
                break;
            default:
                line(time, mark, "!  changes may be missing up to here", "", "");
                break;
        }
    }

    private static String split(MapChange change, String how) {
        return change.isContinued() ? "  " + how : "";
    }

    /** Returns the state before a change. A narrow terminal has no room for a second range: it shows the size. */
    private String was(MapChange change) {
        Mapping previous = change.previous();
        String nameBefore = name(previous);
        String difference = "";
        if (!nameBefore.equals(name(change.mapping()))) {
            difference = "  " + (nameBefore.isEmpty() ? "no name" : nameBefore);
        } else if (isOtherFile(change.mapping(), previous)) {
            difference = "  of another file";
        }
        return (width > 0 ? Sizes.human(previous.size()) : Hex.range(previous)) + "  " + previous.permissions()
                + difference;
    }

    /** Returns whether the files differ, of which the names may be the same. An event may contain no inode. */
    private static boolean isOtherFile(Mapping now, Mapping previous) {
        return now.inode() != 0
                && previous.inode() != 0
                && (now.inode() != previous.inode()
                        || now.deviceMajor() != previous.deviceMajor()
                        || now.deviceMinor() != previous.deviceMinor());
    }

    /** Returns whether something that is printed has changed, unlike an inode that the event did not contain. */
    private static boolean isVisible(MapChange change) {
        Mapping now = change.mapping();
        Mapping previous = change.previous();
        return previous == null
                || now.start() != previous.start()
                || now.end() != previous.end()
                || !now.permissions().equals(previous.permissions())
                || !name(now).equals(name(previous))
                || isOtherFile(now, previous);
    }

    private static String name(Mapping mapping) {
        return FileName.withoutQuery(mapping).display();
    }

    private static String prefix(Mapping mapping) {
        String size = Sizes.human(mapping.size());
        return Hex.range(mapping) + " " + " ".repeat(Math.max(1, 6 - size.length())) + size + "  "
                + mapping.permissions();
    }

    /**
     * Prints a line. On a terminal the name is shortened. If there is no room for it, it is in a line of its own, with
     * what follows it.
     */
    private void line(long time, String mark, String prefix, String name, String suffix) throws IOException {
        boolean isShort = width > 0 && !process.isEmpty();
        String begin = (isShort ? SHORT_TIME : TIME).format(ChangePrinter.instant(time)) + mark + process + prefix;
        String gap = name.isEmpty() ? "" : "  ";
        int left = width - TextWidth.of(begin + gap + suffix);
        String text;
        if (width == 0) {
            text = begin + gap + name + suffix;
        } else if (left >= Math.min(TextWidth.of(name), MIN_NAME)) {
            text = begin + gap + (name.isEmpty() ? "" : TextWidth.shortened(name, left)) + suffix;
        } else {
            text = TextWidth.broken(begin, width, 0) + "\n" + INDENT + nameAndSuffix(name, suffix);
        }
        terminal.out().write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private String nameAndSuffix(String name, String suffix) {
        int columns = width - INDENT.length();
        int left = columns - TextWidth.of(suffix);
        String end = name.isEmpty() ? suffix.strip() : suffix;
        return left >= Math.min(TextWidth.of(name), MIN_NAME)
                ? (name.isEmpty() ? "" : TextWidth.shortened(name, left)) + end
                : TextWidth.broken(TextWidth.shortened(name, columns) + end, columns, INDENT.length());
    }
}
