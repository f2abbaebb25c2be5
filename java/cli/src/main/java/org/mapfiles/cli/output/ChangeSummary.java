package org.mapfiles.cli.output;

import java.util.HashMap;
import java.util.Map;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/**
 * Counts changes of mappings, and their bytes. Memory that no access is permitted to, such as the reserve of an arena
 * of malloc, has no bytes here. The pieces of a mapping that was split or merged are changes, since no memory was added
 * or removed.
 */
public final class ChangeSummary {
    /** Maximum number of names whose growth is counted. */
    private static final int MAX_NAMES = 10_000;

    private final Map<String, Long> growth = new HashMap<>();
    private long added;
    private long addedBytes;
    private long removed;
    private long removedBytes;
    private long changed;
    private long changedBytes;
    private boolean isLeftOut;

    public void add(MapChange change) {
        Mapping mapping = change.mapping();
        if (mapping == null) {
            return;
        }
        Mapping before = change.kind() == MapChange.Kind.CHANGED ? change.previous() : mapping;
        long bytesBefore = change.kind() == MapChange.Kind.ADDED ? 0 : accessible(before);
        long bytesNow = change.kind() == MapChange.Kind.REMOVED ? 0 : accessible(mapping);
        long bytes = bytesNow - bytesBefore;
        if (change.kind() == MapChange.Kind.CHANGED || change.isContinued()) {
            changed++;
            changedBytes += bytes;
        } else if (change.kind() == MapChange.Kind.ADDED) {
            added++;
            addedBytes += bytes;
        } else {
            removed++;
            removedBytes -= bytes;
        }
        if (before.nameLength() == 0) { // the event of the first memory of a heap lacks the name
            addGrowth(before, -bytesBefore);
            addGrowth(mapping, bytesNow);
        } else { // a file that is renamed or deleted has not grown
            addGrowth(mapping, bytes);
        }
    }

    private void addGrowth(Mapping mapping, long bytes) {
        String name = FileName.withoutQuery(mapping).display();
        if (growth.size() < MAX_NAMES || growth.containsKey(name)) {
            growth.merge(name, bytes, Long::sum);
        } else {
            isLeftOut = true;
        }
    }

    private static long accessible(Mapping mapping) {
        boolean isAccessible = mapping.isReadable() || mapping.isWritable() || mapping.isExecutable();
        return isAccessible ? mapping.size() : 0;
    }

    /** Returns how many mappings were added, removed and changed, such as {@code 3 added 1.2M, 2 changed -8K}. */
    String counts() {
        StringBuilder text = new StringBuilder();
        append(text, added, "added", addedBytes == 0 ? "" : Sizes.human(addedBytes));
        append(text, removed, "removed", removedBytes == 0 ? "" : Sizes.human(removedBytes));
        append(text, changed, "changed", changedBytes == 0 ? "" : signed(changedBytes));
        return text.length() == 0 ? "no change" : text.toString();
    }

    private static void append(StringBuilder text, long count, String what, String bytes) {
        if (count > 0) {
            text.append(text.length() > 0 ? ", " : "").append(count).append(' ').append(what);
            text.append(bytes.isEmpty() ? "" : " " + bytes);
        }
    }

    private static String signed(long bytes) {
        return (bytes < 0 ? "-" : "+") + Sizes.human(Math.abs(bytes));
    }

    /** Returns the counts, and the name whose mappings have grown most. */
    public String text() {
        Map.Entry<String, Long> largest =
                growth.entrySet().stream().max(Map.Entry.comparingByValue()).orElse(null);
        return counts()
                + (largest == null || largest.getValue() <= 0
                        ? ""
                        : "; largest growth: " + signed(largest.getValue()) + " "
                                + FileName.orAnonymous(largest.getKey()))
                + (isLeftOut ? " (of the first " + MAX_NAMES + " names)" : "");
    }
}
