package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The difference of two snapshots makes the later one from the earlier one. A slow comparison of each mapping with each finds the same. */
class MapDifferenceTest {
    /** What a visitor is told, as text: the sign, and the range. */
    private static List<String> told(List<Line> before, List<Line> now) throws MalformedMapsException {
        List<String> told = new ArrayList<>();
        MapDifference.visit(Line.snapshot(before).cursor(), Line.snapshot(now).cursor(), new MapDifference.Visitor() {
            @Override
            public void added(Mapping now) {
                told.add("+ " + of(Line.of(now)));
            }

            @Override
            public void removed(Mapping before) {
                told.add("- " + of(Line.of(before)));
            }

            @Override
            public void changed(Mapping before, Mapping now) {
                told.add("~ " + of(Line.of(before)) + " to " + of(Line.of(now)));
            }

            @Override
            public void split(Mapping now) {
                told.add("split " + of(Line.of(now)));
            }

            @Override
            public void merged(Mapping before) {
                told.add("merged " + of(Line.of(before)));
            }
        });
        return told;
    }

    /** What a reader has who begins with some mappings, and applies what a visitor without a method for parts receives. */
    private static List<Line> replayed(List<Line> before, List<Line> now) throws MalformedMapsException {
        Replay replay = new Replay();
        before.forEach(replay::add);
        MapDifference.visit(Line.snapshot(before).cursor(), Line.snapshot(now).cursor(), new MapDifference.Visitor() {
            @Override
            public void added(Mapping now) {
                replay.add(Line.of(now));
            }

            @Override
            public void removed(Mapping before) {
                replay.remove(Line.of(before));
            }

            @Override
            public void changed(Mapping before, Mapping now) {
                replay.change(Line.of(before), Line.of(now));
            }
        });
        return replay.lines();
    }

    private static String of(Line line) {
        return Long.toHexString(line.start()) + "-" + Long.toHexString(line.end()) + " " + line.permissions();
    }

    private static Line at(long firstPage, long endPage, String permissions, long offsetPage, long inode) {
        return new Line(firstPage << 12, endPage << 12, permissions, offsetPage << 12, inode == 0 ? 0 : 8, 0, inode,
                inode == 0 ? "" : "/file");
    }

    @Example
    void protectingTheMiddleSplits() throws Exception {
        List<Line> whole = List.of(at(16, 20, "rw-p", 0, 7));
        List<Line> split = List.of(at(16, 17, "rw-p", 0, 7), at(17, 19, "r--p", 1, 7), at(19, 20, "rw-p", 3, 7));
        assertThat(told(whole, split)).containsExactly("~ 10000-14000 rw-p to 10000-11000 rw-p", "split 11000-13000 r--p",
                "split 13000-14000 rw-p");
        assertThat(told(split, whole)).containsExactly("merged 11000-13000 r--p", "merged 13000-14000 rw-p",
                "~ 10000-11000 rw-p to 10000-14000 rw-p");
        assertThat(told(split, split)).isEmpty();
    }

    @Example
    void anotherFileInTheSamePlaceIsNoChange() throws Exception {
        List<Line> one = List.of(at(16, 20, "r-xp", 0, 7));
        assertThat(told(one, List.of(at(16, 20, "r-xp", 0, 8)))).containsExactly("- 10000-14000 r-xp", "+ 10000-14000 r-xp");
        assertThat(told(one, List.of(at(16, 20, "r-xp", 1, 7)))).as("another part of it").hasSize(2);
        assertThat(told(one, List.of(at(16, 20, "r-xp", 0, 0)))).as("no file").hasSize(2);
        assertThat(told(one, List.of(at(16, 20, "r-xs", 0, 7)))).as("shared").hasSize(2);
    }

    @Example
    void growingShrinkingAndANewName() throws Exception {
        List<Line> heap = List.of(at(16, 20, "rw-p", 0, 0), at(30, 34, "r--p", 2, 7));
        List<Line> grown = List.of(at(16, 29, "rw-p", 0, 0), at(31, 34, "r--p", 3, 7));
        assertThat(told(heap, grown)).containsExactly("~ 10000-14000 rw-p to 10000-1d000 rw-p", "~ 1e000-22000 r--p to 1f000-22000 r--p");
        Line renamed = new Line(30 << 12, 34 << 12, "r--p", 2 << 12, 8, 0, 7, "/other");
        assertThat(told(heap, List.of(heap.get(0), renamed))).containsExactly("~ 1e000-22000 r--p to 1e000-22000 r--p");
        assertThat(told(List.of(), heap)).containsExactly("+ 10000-14000 rw-p", "+ 1e000-22000 r--p");
        assertThat(told(heap, List.of())).containsExactly("- 10000-14000 rw-p", "- 1e000-22000 r--p");
    }

    /** As a JVM commits more of its heap: the one above gives up the range first. */
    @Example
    void aRangeIsFreeBeforeItIsTaken() throws Exception {
        List<Line> before = List.of(at(16, 20, "rw-p", 0, 7), at(20, 28, "---p", 4, 8), at(28, 32, "r--p", 4, 9));
        List<Line> up = List.of(at(16, 24, "rw-p", 0, 7), at(24, 30, "---p", 8, 8), at(30, 32, "r--p", 6, 9));
        assertThat(told(before, up)).containsExactly("~ 1c000-20000 r--p to 1e000-20000 r--p", "~ 14000-1c000 ---p to 18000-1e000 ---p",
                "~ 10000-14000 rw-p to 10000-18000 rw-p");
        assertThat(told(up, before)).containsExactly("~ 10000-18000 rw-p to 10000-14000 rw-p", "~ 18000-1e000 ---p to 14000-1c000 ---p",
                "~ 1e000-20000 r--p to 1c000-20000 r--p");
        List<Line> outward = List.of(at(16, 18, "rw-p", 0, 7), at(18, 30, "---p", 2, 8), at(30, 32, "r--p", 6, 9));
        assertThat(told(before, outward)).containsExactly("~ 10000-14000 rw-p to 10000-12000 rw-p",
                "~ 1c000-20000 r--p to 1e000-20000 r--p", "~ 14000-1c000 ---p to 12000-1e000 ---p");
    }

    @Example
    void oneCursorIsNotTwo() throws Exception {
        MapCursor one = Line.snapshot().cursor();
        assertThatThrownBy(() -> MapDifference.visit(one, one, null)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Two choices of lines, which have some in common. */
    @Property(tries = 300)
    void eachMappingIsReportedOnceAndNothingElse(@ForAll("layouts") List<Line> lines, @ForAll int choice) throws Exception {
        List<Line> before = chosen(lines, choice);
        List<Line> now = chosen(lines, Integer.rotateLeft(choice, 11) ^ 0x5bd1e995);
        assertThat(told(before, now)).containsExactlyInAnyOrderElementsOf(slowly(before, now));
        assertThat(told(before, before)).isEmpty();
        assertThat(replayed(before, now)).isEqualTo(now);
    }

    /** Two states of a process that merges, splits, protects and moves mappings. */
    @Property(tries = 300)
    void replayMakesTheLaterOneOfTheEarlier(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ModelProcess process = new ModelProcess(random, ModelProcess.SILENT);
        List<Line> before = process.lines();
        for (int i = 0; i < 10; i++) {
            for (int changes = random.nextInt(6); changes >= 0; changes--) {
                process.change();
            }
            List<Line> now = process.lines();
            assertThat(replayed(before, now)).isEqualTo(now);
            assertThat(told(before, now)).containsExactlyInAnyOrderElementsOf(slowly(before, now));
            before = now;
        }
    }

    @Provide
    Arbitrary<List<Line>> layouts() {
        return Texts.lines(60);
    }

    /** Some of the lines, some of these with other permissions or cut short. */
    private static List<Line> chosen(List<Line> lines, int choice) {
        List<Line> chosen = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            int bits = Integer.rotateRight(choice * 0x9e3779b1, i) & 7;
            boolean isLong = line.end() - line.start() > Line.PAGE;
            if (bits > 5 && isLong) {
                chosen.add(with(line, line.end() - Line.PAGE, line.permissions()));
            } else if (bits > 4) {
                chosen.add(with(line, line.end(), line.permissions().startsWith("r") ? "-wx" + line.permissions().charAt(3)
                        : "r--" + line.permissions().charAt(3)));
            } else if (bits > 0) {
                chosen.add(line);
            }
        }
        return chosen;
    }

    private static Line with(Line line, long end, String permissions) {
        return new Line(line.start(), end, permissions, line.offset(), line.major(), line.minor(), line.inode(), line.name());
    }

    private static List<String> slowly(List<Line> before, List<Line> now) throws MalformedMapsException {
        List<String> differences = new ArrayList<>();
        MapCursor was = Line.snapshot(before).cursor();
        MapCursor is = Line.snapshot(now).cursor();
        int[] firstNow = new int[before.size()];
        int[] firstBefore = new int[now.size()];
        Arrays.fill(firstNow, -1);
        Arrays.fill(firstBefore, -1);
        for (int i = before.size() - 1; i >= 0; i--) {
            for (int k = now.size() - 1; k >= 0; k--) {
                if (isContinued(before.get(i), now.get(k), was.seek(i), is.seek(k))) {
                    firstNow[i] = k;
                    firstBefore[k] = i;
                }
            }
        }
        for (int i = 0; i < before.size(); i++) {
            int k = firstNow[i];
            if (k < 0 || firstBefore[k] != i) {
                differences.add((k < 0 ? "- " : "merged ") + of(before.get(i)));
            } else if (!before.get(i).equals(now.get(k))) {
                differences.add("~ " + of(before.get(i)) + " to " + of(now.get(k)));
            }
        }
        for (int k = 0; k < now.size(); k++) {
            int i = firstBefore[k];
            if (i < 0 || firstNow[i] != k) {
                differences.add((i < 0 ? "+ " : "split ") + of(now.get(k)));
            }
        }
        return differences;
    }

    private static boolean isContinued(Line before, Line now, Mapping was, Mapping is) {
        boolean overlap = Long.compareUnsigned(before.start(), now.end()) < 0 && Long.compareUnsigned(now.start(), before.end()) < 0;
        boolean sameFile = before.major() == now.major() && before.minor() == now.minor() && before.inode() == now.inode();
        boolean samePlace = !before.hasFile() || before.offset() - before.start() == now.offset() - now.start();
        return overlap && sameFile && samePlace && before.permissions().charAt(3) == now.permissions().charAt(3)
                && was.kind() == is.kind();
    }
}
