package org.mapfiles.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.mapfiles.Mapping.Deletion;

/** The difference of two states of processes, by file and by kind of memory. Ranges do not matter. */
public final class StateDifference {
    /** What has a sum of its own: a file with its build ID, if that is compared, or memory of one kind and name. */
    private static final class Key {
        private final StateEntry entry;
        private final byte[] path;
        private final String buildId;

        Key(StateEntry entry, byte[] path, String buildId) {
            this.entry = entry;
            this.path = path;
            this.buildId = buildId;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && entry.kind().equals(((Key) other).entry.kind())
                    && Arrays.equals(path, ((Key) other).path)
                    && Objects.equals(buildId, ((Key) other).buildId);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(path) + entry.kind().hashCode();
        }
    }

    /** Sums of mappings. */
    static final class Sums {
        long mappings;
        long size;
        /** -1: that of a mapping is unknown. */
        long rss;

        long swap;

        private void add(StateEntry entry) {
            mappings++;
            size += entry.size();
            rss = rss < 0 || entry.rss() < 0 ? -1 : rss + entry.rss();
            swap = swap < 0 || entry.swap() < 0 ? -1 : swap + entry.swap();
        }

        /** Returns whether a sum is known to differ. One that is unknown in a state is not. */
        private boolean differs(Sums other) {
            return mappings != other.mappings
                    || size != other.size
                    || differs(rss, other.rss)
                    || differs(swap, other.swap);
        }

        private static boolean differs(long sum, long other) {
            return sum >= 0 && other >= 0 && sum != other;
        }
    }

    /** The sums of a group in both states. */
    static final class Group {
        private final StateEntry example;
        /** Null: none, unknown, or not compared. */
        private final String buildId;

        final Sums before = new Sums();
        final Sums now = new Sums();

        private Group(StateEntry example, String buildId) {
            this.example = example;
            this.buildId = buildId;
        }

        /** Returns a mapping of the group. */
        StateEntry example() {
            return example;
        }

        String change() {
            return before.mappings == 0 ? "added" : now.mappings == 0 ? "removed" : "changed";
        }

        /** Returns by how many bytes the group has changed, for the order of the output. */
        private long weight() {
            long rss = before.rss < 0 || now.rss < 0 ? 0 : Math.abs(now.rss - before.rss);
            return Math.max(rss, Math.abs(now.size - before.size));
        }
    }

    private final List<Group> changed = new ArrayList<>();
    private final Group total = new Group(null, null);
    /** Whether both states record build IDs, and bytes in memory. */
    private boolean hasBuildIds;

    private boolean hasRss;

    private StateDifference() {}

    /**
     * Compares two states. If one of them has no build ID at all, files are compared by path. So is a file with
     * mappings without one, unless the known ones are a difference.
     */
    public static StateDifference of(List<StateEntry> before, List<StateEntry> now) {
        StateDifference difference = new StateDifference();
        boolean withBuildId = hasBuildId(before) && hasBuildId(now);
        difference.hasBuildIds = withBuildId;
        difference.hasRss = hasRss(before) && hasRss(now);
        Map<Key, Group> groups = new LinkedHashMap<>();
        Names names = new Names(before, now);
        BuildIds ofBefore = new BuildIds(before, names, withBuildId);
        BuildIds ofNow = new BuildIds(now, names, withBuildId);
        for (StateEntry entry : before) {
            groups.computeIfAbsent(names.key(entry, ofBefore, ofNow), key -> new Group(key.entry, key.buildId))
                    .before
                    .add(entry);
            difference.total.before.add(entry);
        }
        for (StateEntry entry : now) {
            groups.computeIfAbsent(names.key(entry, ofNow, ofBefore), key -> new Group(key.entry, key.buildId))
                    .now
                    .add(entry);
            difference.total.now.add(entry);
        }
        for (Group group : groups.values()) {
            if (group.before.differs(group.now)) {
                difference.changed.add(group);
            }
        }
        difference.changed.sort(Comparator.comparingLong(Group::weight).reversed());
        return difference;
    }

    /**
     * The paths of files. In text of maps the kernel's mark of a deleted file may be a part of a name. It is the mark,
     * unless a state that has queried the kernel has a file of that name.
     */
    private static final class Names {
        private static final byte[] MARK = FileName.DELETED_SUFFIX.getBytes(StandardCharsets.US_ASCII);

        private final Set<String> known = new HashSet<>();

        Names(List<StateEntry> before, List<StateEntry> now) {
            Stream.concat(before.stream(), now.stream())
                    .filter(entry -> entry.deletion() != Deletion.UNKNOWN && isMarked(entry.path()))
                    .forEach(entry -> known.add(text(entry.path())));
        }

        /** Returns the key of an entry, with the build IDs of its state and of the other one. */
        Key key(StateEntry entry, BuildIds own, BuildIds other) {
            Key byPath = byPath(entry);
            return entry.buildId() != null && own.areCompared(byPath, other)
                    ? new Key(entry, byPath.path, entry.buildId())
                    : byPath;
        }

        Key byPath(StateEntry entry) {
            byte[] path = entry.path();
            boolean isMark = entry.deletion() == Deletion.UNKNOWN && isMarked(path) && !known.contains(text(path));
            return new Key(entry, isMark ? Arrays.copyOf(path, path.length - MARK.length) : path, null);
        }

        private static boolean isMarked(byte[] path) {
            int from = path.length - MARK.length;
            return from > 0 && Arrays.equals(path, from, path.length, MARK, 0, MARK.length);
        }

        private static String text(byte[] path) {
            return new String(path, StandardCharsets.ISO_8859_1);
        }
    }

    /** The build IDs that a state records for each path, with the number of mappings. */
    private static final class BuildIds {
        private final Map<Key, Map<String, Integer>> known = new HashMap<>();
        /** Mappings without a build ID, or one that is not compared. */
        private final Map<Key, Integer> missing = new HashMap<>();

        BuildIds(List<StateEntry> entries, Names names, boolean areCompared) {
            for (StateEntry entry : entries) {
                Key path = names.byPath(entry);
                if (areCompared && entry.buildId() != null) {
                    known.computeIfAbsent(path, key -> new HashMap<>()).merge(entry.buildId(), 1, Integer::sum);
                } else {
                    missing.merge(path, 1, Integer::sum);
                }
            }
        }

        private Map<String, Integer> of(Key path) {
            return known.getOrDefault(path, Map.of());
        }

        /**
         * Returns whether the mappings of a path are compared by build ID: none of them lacks one; or those that lack
         * one, whatever theirs are, cannot make both states equal.
         */
        boolean areCompared(Key path, BuildIds other) {
            if (!missing.containsKey(path) && !other.missing.containsKey(path)) {
                return true;
            }
            return !of(path).isEmpty()
                    && !other.of(path).isEmpty()
                    && (hasMore(path, other) || other.hasMore(path, this));
        }

        private boolean hasMore(Key path, BuildIds other) {
            int more = 0;
            for (Map.Entry<String, Integer> each : of(path).entrySet()) {
                more += Math.max(0, each.getValue() - other.of(path).getOrDefault(each.getKey(), 0));
            }
            return more > other.missing.getOrDefault(path, 0);
        }
    }

    private static boolean hasBuildId(List<StateEntry> entries) {
        return entries.stream().anyMatch(entry -> entry.buildId() != null);
    }

    private static boolean hasRss(List<StateEntry> entries) {
        return entries.isEmpty() || entries.stream().anyMatch(entry -> entry.rss() >= 0);
    }

    /**
     * Prints a table, and what is not compared since a state does not record it.
     *
     * @param ranges number of ranges that differ; 0 if they are not compared
     * @param isListed whether these ranges were printed
     */
    public void print(Terminal terminal, boolean isWide, int ranges, boolean isListed) throws IOException {
        Table table = new Table(terminal, isWide).left("").right("MAPPINGS").right("SIZE");
        (hasRss ? table.right("RSS") : table).left("FILE OR KIND").endOfHead();
        for (Group group : changed) {
            table.cell(mark(group.change()))
                    .cell(signed(group.now.mappings - group.before.mappings))
                    .cell(bytes(group.before.size, group.now.size));
            (hasRss ? table.cell(bytes(group.before.rss, group.now.rss)) : table)
                    .cell(name(group))
                    .endOfRow();
        }
        if (!changed.isEmpty()) {
            table.print();
        }
        Sums now = total.now;
        Sums before = total.before;
        String begin = !changed.isEmpty() || ranges > 0 && isListed
                ? "now "
                : ranges > 0 ? "no size differs: " : "no difference: ";
        String end = begin + now.mappings + " mappings ("
                + signed(now.mappings - before.mappings) + "), " + Sizes.human(now.size) + " ("
                + bytes(before.size, now.size) + ")"
                + (now.rss < 0 || !hasRss
                        ? ""
                        : ", RSS " + Sizes.human(now.rss) + " (" + bytes(before.rss, now.rss) + ")")
                + (hasRss ? "" : "; RSS is not compared")
                + (hasBuildIds ? "" : "; build IDs are not compared")
                + (changed.isEmpty() && ranges > 0 && !isListed
                        ? "; --mappings lists "
                                + (ranges == 1 ? "1 range that differs" : ranges + " ranges that differ")
                        : "");
        terminal.prose(end, isWide);
    }

    static String mark(String change) {
        return change.equals("added") ? "+" : change.equals("removed") ? "-" : "~";
    }

    private static String signed(long difference) {
        return difference > 0 ? "+" + difference : Long.toString(difference);
    }

    private static String bytes(long before, long now) {
        if (before < 0 || now < 0) {
            return "?";
        }
        return now == before ? "0" : (now > before ? "+" : "-") + Sizes.human(Math.abs(now - before));
    }

    private static String name(Group group) {
        byte[] path = group.example().path();
        String name = path.length == 0 ? "[" + group.example().kind() + "]" : Printable.text(path);
        if (group.buildId != null) {
            name += " (build ID " + group.buildId.substring(0, Math.min(8, group.buildId.length())) + ")";
        }
        return !Sums.differs(group.before.swap, group.now.swap)
                ? name
                : name + " (swap " + bytes(group.before.swap, group.now.swap) + ")";
    }

    /** Returns whether the sums of each file and each kind of memory are equal. */
    public boolean isEmpty() {
        return changed.isEmpty();
    }

    /** Returns what has changed. */
    List<Group> changed() {
        return changed;
    }

    /** Writes one row for each group, and one for all mappings. */
    public void write(JsonLines lines, long pid) throws IOException {
        for (Group group : changed) {
            lines.beginRow("group_change", pid)
                    .text("change", group.change())
                    .text("kind", group.example().kind());
            if (group.example().path().length == 0) {
                lines.nullValue("path");
            } else {
                lines.bytes("path", group.example().path());
            }
            sums(lines.text("build_id", group.buildId), group);
        }
        sums(lines.beginRow("total_change", pid), total);
    }

    private static void sums(JsonLines lines, Group group) throws IOException {
        lines.number("mappings", group.now.mappings)
                .number("was_mappings", group.before.mappings)
                .unsigned("size", group.now.size)
                .unsigned("was_size", group.before.size)
                .numberOrNull("rss", group.now.rss)
                .numberOrNull("was_rss", group.before.rss)
                .numberOrNull("swap", group.now.swap)
                .numberOrNull("was_swap", group.before.swap)
                .end();
    }
}
