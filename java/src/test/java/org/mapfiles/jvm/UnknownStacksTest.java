package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Finds the stacks of ended threads in the memory of made-up processes. */
class UnknownStacksTest {
    private static final long PAGE = 4096;
    private static final long BASE = 0x7f0000000000L;

    private final Map<Long, Long> words = new HashMap<>();
    private final Set<Long> absent = new HashSet<>();
    private final Set<Long> read = new HashSet<>();
    private int searches;

    /** Writes the record of a thread in the last page of its stack, or in the page before. */
    private void stack(long start, long end, long record) {
        words.put(record, start);
        words.put(record + 8, end - start);
        words.put(record + 16, PAGE);
    }

    private List<String> found(String maps) throws Exception {
        FakeMemory memory = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                for (int i = 0; i + 8 <= to.limit(); i += 8) {
                    to.putLong(i, words.getOrDefault(address + i, 0L));
                    read.add((address + i) / PAGE * PAGE);
                }
                return to.limit();
            }

            @Override
            public boolean findPages(long[] addresses, boolean[] isInMemory) {
                searches++;
                for (int i = 0; i < addresses.length; i++) {
                    assertThat(i == 0 || addresses[i - 1] < addresses[i])
                            .as("ascending")
                            .isTrue();
                    isInMemory[i] = !absent.contains(addresses[i] / PAGE * PAGE);
                }
                return true;
            }
        };
        List<String> found = new ArrayList<>();
        MapSnapshot snapshot = MapSnapshot.ofText(maps.getBytes(StandardCharsets.UTF_8), MapFilter.all());
        for (RegionCandidate each : new UnknownStacks(new VmReader(memory, null), snapshot).candidates()) {
            found.add(Long.toHexString(each.start()) + "-" + Long.toHexString(each.end()));
        }
        read.retainAll(absent);
        assertThat(read).isEmpty();
        return found;
    }

    private static String line(long start, long end, String permissions) {
        return Long.toHexString(start) + "-" + Long.toHexString(end) + " " + permissions + " 00000000 00:00 0 \n";
    }

    @Test
    void aStackBeginsWithItsGuardZone() throws Exception {
        stack(BASE, BASE + 0x10000, BASE + 0x10000 - 0x900);
        assertThat(found(line(BASE, BASE + 0x1000, "---p") + line(BASE + 0x1000, BASE + 0x10000, "rw-p")))
                .containsExactly("7f0000000000-7f0000010000");
    }

    @Test
    void stacksWithoutGuardZonesAreOneMapping() throws Exception {
        for (int i = 0; i < 4; i++) {
            long end = BASE + (i + 1) * 0x8000L;
            stack(BASE + i * 0x8000L, end, end - 0x1100); // in the page before the last
        }
        assertThat(found(line(BASE, BASE + 0x20000, "rw-p")))
                .containsExactly(
                        "7f0000018000-7f0000020000",
                        "7f0000010000-7f0000018000",
                        "7f0000008000-7f0000010000",
                        "7f0000000000-7f0000008000");
        assertThat(searches).isEqualTo(4);
    }

    @Test
    void pagesThatAreNotInMemoryAreNotRead() throws Exception {
        stack(BASE, BASE + 0x8000, BASE + 0x8000 - 0x900);
        absent.add(BASE + 0x6000); // before the last page
        stack(BASE + 0x10000, BASE + 0x18000, BASE + 0x18000 - 0x900);
        absent.add(BASE + 0x17000); // the last page
        assertThat(found(line(BASE, BASE + 0x8000, "rw-p") + line(BASE + 0x10000, BASE + 0x18000, "rw-p")))
                .containsExactly("7f0000000000-7f0000008000");
    }

    /** The page table is opened for each search: a JVM may have 60,000 mappings. */
    @Test
    void allMappingsAreSearchedTogether() throws Exception {
        StringBuilder maps = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            long start = BASE + i * 0x10000L;
            stack(start, start + 0x8000, start + 0x8000 - 0x900);
            maps.append(line(start, start + 0x8000, "rw-p"));
            expected.add(Long.toHexString(start) + "-" + Long.toHexString(start + 0x8000));
        }
        assertThat(found(maps.toString())).containsExactlyElementsOf(expected);
        assertThat(searches).isEqualTo(1);
    }
}
