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
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.MapsTexts;
import org.mapfiles.testing.ModelProcess;
import org.mapfiles.testing.Replay;

/**
 * The difference of two snapshots makes the later one from the earlier one. A comparison of all pairs of mappings
 * agrees.
 */
class MapDifferenceTest {
    /** Returns the calls of a visitor as text: the sign and the range. */
    private static List<String> changes(List<MapsLine> before, List<MapsLine> now) throws MalformedMapsException {
        List<String> changes = new ArrayList<>();
        MapDifference.visit(
                MapsLine.snapshot(before).cursor(), MapsLine.snapshot(now).cursor(), new MapDifference.Visitor() {
                    @Override
                    public void added(Mapping now) {
                        changes.add("+ " + of(MapsLine.of(now)));
                    }

                    @Override
                    public void removed(Mapping before) {
                        changes.add("- " + of(MapsLine.of(before)));
                    }

                    @Override
                    public void changed(Mapping before, Mapping now) {
                        changes.add("~ " + of(MapsLine.of(before)) + " to " + of(MapsLine.of(now)));
                    }

                    @Override
                    public void split(Mapping now) {
                        changes.add("split " + of(MapsLine.of(now)));
                    }

                    @Override
                    public void merged(Mapping before) {
                        changes.add("merged " + of(MapsLine.of(before)));
                    }
                });
        return changes;
    }

    /** Applies the calls of a visitor without methods for splits and merges to the earlier mappings. */
    private static List<MapsLine> replayed(List<MapsLine> before, List<MapsLine> now) throws MalformedMapsException {
        Replay replay = new Replay();
        before.forEach(replay::add);
        MapDifference.visit(
                MapsLine.snapshot(before).cursor(), MapsLine.snapshot(now).cursor(), new MapDifference.Visitor() {
                    @Override
                    public void added(Mapping now) {
                        replay.add(MapsLine.of(now));
                    }

                    @Override
                    public void removed(Mapping before) {
                        replay.remove(MapsLine.of(before));
                    }

                    @Override
                    public void changed(Mapping before, Mapping now) {
                        replay.change(MapsLine.of(before), MapsLine.of(now));
                    }
                });
        return replay.lines();
    }

    private static String of(MapsLine line) {
        return Long.toHexString(line.start()) + "-" + Long.toHexString(line.end()) + " " + line.permissions();
    }

    private static MapsLine at(long firstPage, long endPage, String permissions, long offsetPage, long inode) {
        return new MapsLine(
                firstPage << 12,
                endPage << 12,
                permissions,
                offsetPage << 12,
                inode == 0 ? 0 : 8,
                0,
                inode,
                inode == 0 ? "" : "/file");
    }

    @Example
    void protectingTheMiddleIsASplit() throws Exception {
        List<MapsLine> whole = List.of(at(16, 20, "rw-p", 0, 7));
        List<MapsLine> split = List.of(at(16, 17, "rw-p", 0, 7), at(17, 19, "r--p", 1, 7), at(19, 20, "rw-p", 3, 7));
        assertThat(changes(whole, split))
                .containsExactly(
                        "~ 10000-14000 rw-p to 10000-11000 rw-p", "split 11000-13000 r--p", "split 13000-14000 rw-p");
        assertThat(changes(split, whole))
                .containsExactly(
                        "merged 11000-13000 r--p", "merged 13000-14000 rw-p", "~ 10000-11000 rw-p to 10000-14000 rw-p");
        assertThat(changes(split, split)).isEmpty();
    }

    @Example
    void anotherFileAtTheSameRangeIsAnotherMapping() throws Exception {
        List<MapsLine> one = List.of(at(16, 20, "r-xp", 0, 7));
        assertThat(changes(one, List.of(at(16, 20, "r-xp", 0, 8))))
                .containsExactly("- 10000-14000 r-xp", "+ 10000-14000 r-xp");
        assertThat(changes(one, List.of(at(16, 20, "r-xp", 1, 7))))
                .as("another part of it")
                .hasSize(2);
        assertThat(changes(one, List.of(at(16, 20, "r-xp", 0, 0))))
                .as("no file")
                .hasSize(2);
        assertThat(changes(one, List.of(at(16, 20, "r-xs", 0, 7)))).as("shared").hasSize(2);
    }

    @Example
    void growingShrinkingAndRenamingAreChanges() throws Exception {
        List<MapsLine> heap = List.of(at(16, 20, "rw-p", 0, 0), at(30, 34, "r--p", 2, 7));
        List<MapsLine> grown = List.of(at(16, 29, "rw-p", 0, 0), at(31, 34, "r--p", 3, 7));
        assertThat(changes(heap, grown))
                .containsExactly("~ 10000-14000 rw-p to 10000-1d000 rw-p", "~ 1e000-22000 r--p to 1f000-22000 r--p");
        MapsLine renamed = new MapsLine(30 << 12, 34 << 12, "r--p", 2 << 12, 8, 0, 7, "/other");
        assertThat(changes(heap, List.of(heap.get(0), renamed)))
                .containsExactly("~ 1e000-22000 r--p to 1e000-22000 r--p");
        assertThat(changes(List.of(), heap)).containsExactly("+ 10000-14000 rw-p", "+ 1e000-22000 r--p");
        assertThat(changes(heap, List.of())).containsExactly("- 10000-14000 rw-p", "- 1e000-22000 r--p");
    }

    /** Of memory without a file the name alone changes: with brk(2) and prctl(2). */
    @Example
    void privateMemoryKeepsItsIdentityUnderAnotherName() throws Exception {
        List<MapsLine> none = List.of(at(16, 20, "rw-p", 0, 0));
        for (String name : List.of("[heap]", "[stack]", "[anon:arena]")) {
            List<MapsLine> named = List.of(new MapsLine(16 << 12, 20 << 12, "rw-p", 0, 0, 0, 0, name));
            assertThat(changes(none, named)).as(name).containsExactly("~ 10000-14000 rw-p to 10000-14000 rw-p");
            assertThat(changes(named, none)).as(name).containsExactly("~ 10000-14000 rw-p to 10000-14000 rw-p");
        }
        List<MapsLine> vdso = List.of(new MapsLine(16 << 12, 20 << 12, "rw-p", 0, 0, 0, 0, "[vdso]"));
        assertThat(changes(none, vdso)).containsExactly("- 10000-14000 rw-p", "+ 10000-14000 rw-p");
    }

    /** A JVM commits more of its heap: the mapping above shrinks first, so that no two mappings overlap. */
    @Example
    void rangeIsFreedBeforeItIsUsed() throws Exception {
        List<MapsLine> before = List.of(at(16, 20, "rw-p", 0, 7), at(20, 28, "---p", 4, 8), at(28, 32, "r--p", 4, 9));
        List<MapsLine> up = List.of(at(16, 24, "rw-p", 0, 7), at(24, 30, "---p", 8, 8), at(30, 32, "r--p", 6, 9));
        assertThat(changes(before, up))
                .containsExactly(
                        "~ 1c000-20000 r--p to 1e000-20000 r--p",
                        "~ 14000-1c000 ---p to 18000-1e000 ---p",
                        "~ 10000-14000 rw-p to 10000-18000 rw-p");
        assertThat(changes(up, before))
                .containsExactly(
                        "~ 10000-18000 rw-p to 10000-14000 rw-p",
                        "~ 18000-1e000 ---p to 14000-1c000 ---p",
                        "~ 1e000-20000 r--p to 1c000-20000 r--p");
        List<MapsLine> outward = List.of(at(16, 18, "rw-p", 0, 7), at(18, 30, "---p", 2, 8), at(30, 32, "r--p", 6, 9));
        assertThat(changes(before, outward))
                .containsExactly(
                        "~ 10000-14000 rw-p to 10000-12000 rw-p",
                        "~ 1c000-20000 r--p to 1e000-20000 r--p",
                        "~ 14000-1c000 ---p to 12000-1e000 ---p");
    }

    @Example
    void oneCursorCannotBeBothSides() throws Exception {
        MapCursor one = MapsLine.snapshot().cursor();
        assertThatThrownBy(() -> MapDifference.visit(one, one, null)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Two random selections of lines, which overlap. */
    @Property(tries = 300)
    void eachMappingIsReportedOnceAndNothingElse(@ForAll("layouts") List<MapsLine> lines, @ForAll int choice)
            throws Exception {
        List<MapsLine> before = chosen(lines, choice);
        List<MapsLine> now = chosen(lines, Integer.rotateLeft(choice, 11) ^ 0x5bd1e995);
        assertThat(changes(before, now)).containsExactlyInAnyOrderElementsOf(slowly(before, now));
        assertThat(changes(before, before)).isEmpty();
        assertThat(replayed(before, now)).isEqualTo(now);
    }

    /** Two states of a process that merges, splits, protects and moves mappings. */
    @Property(tries = 300)
    void replayMakesTheLaterFromTheEarlierSnapshot(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ModelProcess process = new ModelProcess(random, ModelProcess.SILENT);
        List<MapsLine> before = process.lines();
        for (int i = 0; i < 10; i++) {
            for (int changes = random.nextInt(6); changes >= 0; changes--) {
                process.change();
            }
            List<MapsLine> now = process.lines();
            assertThat(replayed(before, now)).isEqualTo(now);
            assertThat(changes(before, now)).containsExactlyInAnyOrderElementsOf(slowly(before, now));
            before = now;
        }
    }

    @Provide
    Arbitrary<List<MapsLine>> layouts() {
        return MapsTexts.lines(60);
    }

    /** Returns some of the lines; some of these have other permissions or a shorter range. */
    private static List<MapsLine> chosen(List<MapsLine> lines, int choice) {
        List<MapsLine> chosen = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            MapsLine line = lines.get(i);
            int bits = Integer.rotateRight(choice * 0x9e3779b1, i) & 7;
            boolean isLong = line.end() - line.start() > MapsLine.PAGE;
            if (bits > 5 && isLong) {
                chosen.add(with(line, line.end() - MapsLine.PAGE, line.permissions()));
            } else if (bits > 4) {
                chosen.add(with(
                        line,
                        line.end(),
                        line.permissions().startsWith("r")
                                ? "-wx" + line.permissions().charAt(3)
                                : "r--" + line.permissions().charAt(3)));
            } else if (bits > 0) {
                chosen.add(line);
            }
        }
        return chosen;
    }

    private static MapsLine with(MapsLine line, long end, String permissions) {
        return new MapsLine(
                line.start(), end, permissions, line.offset(), line.major(), line.minor(), line.inode(), line.name());
    }

    private static List<String> slowly(List<MapsLine> before, List<MapsLine> now) throws MalformedMapsException {
        List<String> differences = new ArrayList<>();
        MapCursor was = MapsLine.snapshot(before).cursor();
        MapCursor is = MapsLine.snapshot(now).cursor();
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

    private static boolean isContinued(MapsLine before, MapsLine now, Mapping was, Mapping is) {
        boolean overlap = Long.compareUnsigned(before.start(), now.end()) < 0
                && Long.compareUnsigned(now.start(), before.end()) < 0;
        boolean sameFile =
                before.major() == now.major() && before.minor() == now.minor() && before.inode() == now.inode();
        boolean samePlace = !before.hasFile() || before.offset() - before.start() == now.offset() - now.start();
        return overlap
                && sameFile
                && samePlace
                && before.permissions().charAt(3) == now.permissions().charAt(3)
                && (was.kind() == is.kind()
                        || (was.kind().isPrivateMemory() && is.kind().isPrivateMemory()));
    }
}
