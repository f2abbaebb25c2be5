package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.MapDifference;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;

/** The mappings that were added, removed or changed between two states of one process. */
public final class RangeChanges {
    /** A mapping before and now; one of them is null if there is none. */
    private record Change(StateEntry before, StateEntry now) {
        String change() {
            return before == null ? "added" : now == null ? "removed" : "changed";
        }

        boolean isChanged() {
            return before != null && now != null;
        }

        StateEntry entry() {
            return now == null ? before : now;
        }
    }

    private final List<Change> changes = new ArrayList<>();

    private RangeChanges() {}

    /** Compares two states. Each snapshot has the mappings of the list beside it. */
    public static RangeChanges of(
            List<StateEntry> before, MapSnapshot beforeSnapshot, List<StateEntry> now, MapSnapshot nowSnapshot) {
        RangeChanges changes = new RangeChanges();
        Map<Long, StateEntry> beforeByStart = byStart(before);
        Map<Long, StateEntry> nowByStart = byStart(now);
        MapDifference.visit(beforeSnapshot.cursor(), nowSnapshot.cursor(), new MapDifference.Visitor() {
            @Override
            public void added(Mapping mapping) {
                changes.changes.add(new Change(null, nowByStart.get(mapping.start())));
            }

            @Override
            public void removed(Mapping mapping) {
                changes.changes.add(new Change(beforeByStart.get(mapping.start()), null));
            }

            @Override
            public void changed(Mapping old, Mapping mapping) {
                changes.changes.add(new Change(beforeByStart.get(old.start()), nowByStart.get(mapping.start())));
            }
        });
        changes.changes.sort((one, other) ->
                Long.compareUnsigned(one.entry().start(), other.entry().start()));
        return changes;
    }

    private static Map<Long, StateEntry> byStart(List<StateEntry> entries) {
        Map<Long, StateEntry> byStart = new HashMap<>();
        entries.forEach(entry -> byStart.put(entry.start(), entry));
        return byStart;
    }

    /** Returns the number of changes. */
    public int count() {
        return changes.size();
    }

    /** Prints a table. */
    public void print(Terminal terminal, boolean isWide) throws IOException {
        if (changes.isEmpty()) {
            return;
        }
        Table table =
                new Table(terminal, isWide).left("").left("RANGE").right("SIZE").left("PERMS");
        boolean hasChanged = changes.stream().anyMatch(Change::isChanged);
        if (hasChanged) {
            table.left("WAS");
        }
        table.left("NAME").endOfHead();
        for (Change change : changes) {
            StateEntry entry = change.entry();
            table.cell(StateDifference.mark(change.change()))
                    .cell(Hex.range(entry.start(), entry.end()))
                    .cell(Sizes.human(entry.size()))
                    .cell(entry.perms());
            if (hasChanged) {
                table.cell(change.isChanged() ? was(change) : "");
            }
            table.cell(FileName.display(entry.path(), entry.deletion())).endOfRow();
        }
        table.print();
    }

    /** Returns what was different before a change. */
    private static String was(Change change) {
        StateEntry before = change.before;
        StateEntry now = change.now;
        List<String> was = new ArrayList<>();
        if (before.size() != now.size()) {
            was.add(Sizes.human(before.size()));
        } else if (before.start() != now.start()) {
            was.add(Hex.range(before.start(), before.end()));
        }
        if (!before.perms().equals(now.perms())) {
            was.add(before.perms());
        }
        if (before.inode() != 0 && before.offset() != now.offset()) {
            was.add("offset " + Long.toHexString(before.offset()));
        }
        if (!Arrays.equals(before.path(), now.path())) {
            was.add(before.path().length == 0 ? "no name" : FileName.display(before.path(), before.deletion()));
        } else if (before.deletion() != now.deletion()) {
            was.add(before.deletion() == Deletion.NOT_DELETED ? "not deleted" : "deleted");
        } else if (before.inode() != now.inode()
                || before.devMajor() != now.devMajor()
                || before.devMinor() != now.devMinor()) {
            was.add("another file");
        }
        return String.join(", ", was);
    }

    /** Writes one row for each mapping. */
    public void write(JsonLines lines, long pid) throws IOException {
        for (Change change : changes) {
            StateEntry before = change.before;
            change.entry()
                    .write(lines.beginRow("mapping_change", pid))
                    .text("change", change.change())
                    .text("build_id", change.entry().buildId());
            if (change.before == null || change.now == null) {
                lines.nullValue("was_start").nullValue("was_end").nullValue("was_perms");
            } else {
                lines.hex("was_start", before.start())
                        .hex("was_end", before.end())
                        .text("was_perms", before.perms());
            }
            lines.end();
        }
    }
}
