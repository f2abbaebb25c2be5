package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.MapsTexts;

/** Compares {@link MapSnapshot#find} with a TreeMap. */
class FindTest {
    private static final long VSYSCALL = 0xffffffffff600000L;

    @Provide
    Arbitrary<List<MapsLine>> layouts() {
        return MapsTexts.lines(300);
    }

    @Property(tries = 300)
    void findAgreesOnAnyLayout(@ForAll("layouts") List<MapsLine> lines, @ForAll long seed)
            throws MalformedMapsException {
        agrees(lines, seed);
    }

    @Example
    void findAgreesOnOneMappingOrNone() throws MalformedMapsException {
        agrees(List.of(), 1);
        agrees(List.of(MapsLine.anonymous(0, MapsLine.PAGE)), 2);
        agrees(List.of(MapsLine.anonymous(VSYSCALL, VSYSCALL + MapsLine.PAGE)), 3);
        agrees(List.of(MapsLine.anonymous(0, -MapsLine.PAGE)), 4);
        agrees(
                List.of(
                        MapsLine.anonymous(MapsLine.PAGE, Long.MIN_VALUE),
                        MapsLine.anonymous(Long.MIN_VALUE, -MapsLine.PAGE)),
                5);
    }

    /**
     * Without holes, with a hole after each mapping, and with growing sizes of both: an interpolation search fails
     * here.
     */
    @Example
    void findAgreesOnSizesThatDouble() throws MalformedMapsException {
        for (int holes = 0; holes < 3; holes++) {
            List<MapsLine> lines = new ArrayList<>();
            long at = MapsLine.PAGE;
            for (int power = 0; power < 48 && at > 0; power++) {
                long size = (long) MapsLine.PAGE << power;
                lines.add(MapsLine.anonymous(at, at + size));
                at += holes == 2 ? 2 * size : size + (long) holes * MapsLine.PAGE;
            }
            agrees(lines, holes);
        }
    }

    /** The layout of a JVM: mappings at 4 MiB and at 32 GiB, thousands below 2^47, one above 2^63. */
    @Example
    void findAgreesOnDistantClusters() throws MalformedMapsException {
        List<MapsLine> lines = new ArrayList<>();
        Random random = new Random(7);
        for (long base : new long[] {0x400000, 0x8_0000_0000L, 0x5555_5555_0000L, 0x7f00_0000_0000L}) {
            long at = base;
            for (int i = 0; i < 1500; i++) {
                long end = at + (1 + random.nextInt(4)) * (long) MapsLine.PAGE;
                lines.add(MapsLine.anonymous(at, end));
                at = end + random.nextInt(3) * (long) MapsLine.PAGE;
            }
        }
        lines.add(MapsLine.anonymous(VSYSCALL, VSYSCALL + MapsLine.PAGE));
        agrees(lines, 8);
    }

    @Example
    void findAgreesOnSeventyThousandAdjacentMappings() throws MalformedMapsException {
        List<MapsLine> lines = new ArrayList<>();
        for (long page = 16; page < 70_016; page++) {
            lines.add(MapsLine.anonymous(page << 12, page + 1 << 12));
        }
        agrees(lines, 9);
    }

    @Example
    void moreAddressesThanIndicesIsAnError() throws MalformedMapsException {
        MapSnapshot snapshot = MapsLine.snapshot(MapsLine.anonymous(0, MapsLine.PAGE));
        assertThatThrownBy(() -> snapshot.find(new long[3], new int[2])).isInstanceOf(IndexOutOfBoundsException.class);
        int[] more = {7, 7, 7};
        snapshot.find(new long[2], more);
        assertThat(more).containsExactly(0, 0, 7);
        snapshot.find(new long[0], new int[0]);
    }

    private static void agrees(List<MapsLine> lines, long seed) throws MalformedMapsException {
        MapSnapshot snapshot = MapsLine.snapshot(lines);
        TreeMap<Long, Integer> byStart = new TreeMap<>(Long::compareUnsigned);
        for (int i = 0; i < lines.size(); i++) {
            byStart.put(lines.get(i).start(), i);
        }
        long[] addresses = addresses(lines, new Random(seed));
        int[] expected = new int[addresses.length];
        int[] indices = new int[addresses.length];
        for (int i = 0; i < addresses.length; i++) {
            Map.Entry<Long, Integer> below = byStart.floorEntry(addresses[i]);
            expected[i] = below != null
                            && Long.compareUnsigned(
                                            addresses[i],
                                            lines.get(below.getValue()).end())
                                    < 0
                    ? below.getValue()
                    : -1;
            indices[i] = snapshot.find(addresses[i]);
        }
        assertThat(indices).as("one by one").isEqualTo(expected);
        snapshot.find(addresses, indices);
        assertThat(indices).as("batch").isEqualTo(expected);
        offsetsAgree(lines, snapshot, addresses, expected);
    }

    private static void offsetsAgree(List<MapsLine> lines, MapSnapshot snapshot, long[] addresses, int[] indices) {
        MapCursor cursor = snapshot.cursor();
        for (int i = 0; i < addresses.length; i++) {
            MapsLine line = indices[i] < 0 ? null : lines.get(indices[i]);
            long expected = line == null || !line.hasFile() ? -1 : addresses[i] - line.start() + line.offset();
            if (snapshot.fileOffset(addresses[i]) != expected
                    || line != null && cursor.seek(indices[i]).fileOffset(addresses[i]) != expected) {
                throw new AssertionError(Long.toHexString(addresses[i]) + " in " + line);
            }
        }
    }

    /** Returns the ends of every mapping and their neighbours, the ends of the address space, and random addresses. */
    private static long[] addresses(List<MapsLine> lines, Random random) {
        long[] fixed = {
            0,
            1,
            -1,
            -2,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MIN_VALUE - 1,
            VSYSCALL,
            VSYSCALL - 1,
            VSYSCALL + MapsLine.PAGE
        };
        long[] addresses = new long[lines.size() * 5 + 1000 + fixed.length];
        int count = fixed.length;
        System.arraycopy(fixed, 0, addresses, 0, count);
        for (MapsLine line : lines) {
            addresses[count++] = line.start() - 1;
            addresses[count++] = line.start();
            addresses[count++] = line.end() - 1;
            addresses[count++] = line.end();
            addresses[count++] =
                    line.start() + (random.nextLong() >>> 1) % Math.max(1, line.end() - line.start() >>> 1);
        }
        while (count < addresses.length) {
            addresses[count++] = random.nextLong() >>> random.nextInt(64);
        }
        for (int i = addresses.length - 1; i > 0; i--) { // a batch may have any order
            int other = random.nextInt(i + 1);
            long swapped = addresses[i];
            addresses[i] = addresses[other];
            addresses[other] = swapped;
        }
        return addresses;
    }
}
