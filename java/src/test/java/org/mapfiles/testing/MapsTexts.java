package org.mapfiles.testing;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generated address spaces: every form of line that a kernel can write, and some that no kernel writes. */
public final class MapsTexts {
    private static final long PAGES = -1L >>> 12;

    private MapsTexts() {}

    /** Lines in order of address. None overlap, some touch. */
    public static Arbitrary<List<MapsLine>> lines(int most) {
        return Combinators.combine(gap(), line())
                .as((gap, line) -> new MapsLine(
                        gap,
                        0,
                        line.permissions(),
                        line.offset(),
                        line.major(),
                        line.minor(),
                        line.inode(),
                        line.name()))
                .list()
                .ofMaxSize(most)
                .map(MapsTexts::placed);
    }

    /**
     * Places each line after the previous one: {@code start} is the gap in pages, {@code end} is bits of the offset.
     */
    private static List<MapsLine> placed(List<MapsLine> shapes) {
        List<MapsLine> lines = new ArrayList<>();
        long page = 0;
        for (MapsLine shape : shapes) {
            long start = page + shape.start();
            long end = start + 1 + (shape.offset() >>> 12) % 5;
            if (Long.compareUnsigned(end, PAGES) > 0) {
                break; // after the last address
            }
            lines.add(new MapsLine(
                    start << 12,
                    end << 12,
                    shape.permissions(),
                    shape.offset(),
                    shape.major(),
                    shape.minor(),
                    shape.inode(),
                    shape.name()));
            page = end;
        }
        return lines;
    }

    private static Arbitrary<Long> gap() {
        return Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.just(0L)),
                Tuple.of(4, Arbitraries.longs().between(1, 100)),
                Tuple.of(1, Arbitraries.longs().between(1, PAGES / 8)));
    }

    /** A line without an address. */
    private static Arbitrary<MapsLine> line() {
        Arbitrary<Long> offsets = Arbitraries.oneOf(
                        Arbitraries.just(0L), Arbitraries.longs().between(0, 0xfffff), Arbitraries.longs())
                .map(page -> page << 12);
        Arbitrary<Integer> majors =
                Arbitraries.oneOf(Arbitraries.just(0), Arbitraries.integers().between(0, 0xfff));
        Arbitrary<Integer> minors =
                Arbitraries.oneOf(Arbitraries.of(0, 1), Arbitraries.integers().between(0, 0xfffff));
        Arbitrary<Long> inodes =
                Arbitraries.oneOf(Arbitraries.of(0L, 1L), Arbitraries.longs().between(0, 9999), Arbitraries.longs());
        return Combinators.combine(permissions(), offsets, majors, minors, inodes, names())
                .as((permissions, offset, major, minor, inode, name) ->
                        new MapsLine(0, 0, permissions, offset, major, minor, inode, name));
    }

    private static Arbitrary<String> permissions() {
        return Arbitraries.integers()
                .between(0, 15)
                .map(bits -> ((bits & 1) != 0 ? "r" : "-")
                        + ((bits & 2) != 0 ? "w" : "-")
                        + ((bits & 4) != 0 ? "x" : "-")
                        + ((bits & 8) != 0 ? "s" : "p"));
    }

    /** Every byte but NUL and newline, which the kernel writes as {@code \012}. */
    public static Arbitrary<String> names() {
        Arbitrary<String> known = Arbitraries.of(
                "",
                "",
                "",
                "[heap]",
                "[stack]",
                "[vdso]",
                "[vvar]",
                "[vvar_vclock]",
                "[anon:x]",
                "[anon_shmem: y ]",
                "/lib/libc.so.6",
                "/lib/libc.so.6 (deleted)",
                "/memfd:x (deleted)",
                "/SYSV00000000 (deleted)",
                "/dev/zero (deleted)",
                "anon_inode:[perf_event]",
                "/[aio] (deleted)",
                " ",
                "  /blank  ",
                " (deleted)",
                "(deleted)",
                "/a\\012b",
                "/\\",
                "/tab\tbed",
                "/\u00ff\u00fe");
        Arbitrary<String> any = Arbitraries.strings()
                .withCharRange('\u0001', '\t')
                .withCharRange('\u000b', '\u00ff')
                .ofMaxLength(300);
        Arbitrary<String> alike =
                Arbitraries.of("/a", "/b", "/a", "/b", "/memfd:x (deleted)"); // files with similar numbers
        return Arbitraries.oneOf(known, alike, any);
    }
}
