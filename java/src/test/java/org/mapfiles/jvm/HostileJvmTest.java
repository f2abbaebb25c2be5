package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * A JVM that writes anything to its own structures: what it has there is bounded, and never an exception that is not
 * documented.
 */
class HostileJvmTest {
    private static final int TRIES = 200;

    private ProcessMaps maps;
    private TargetMemory memory;
    private MapSnapshot snapshot;
    private VmTables tables;

    @BeforeEach
    void open() throws Exception {
        maps = ProcessMaps.self();
        memory = TargetMemory.of(maps);
        snapshot = maps.snapshot();
        tables = memory.vmTables(snapshot, 0);
    }

    @AfterEach
    void close() {
        memory.close();
        maps.close();
    }

    /** This JVM's memory, with some words replaced. */
    private final class Mutated extends FakeMemory {
        private final Random random;
        private final int oneOf;

        Mutated(long seed) {
            random = new Random(seed);
            oneOf = 2 + random.nextInt(40);
        }

        private long word(long before) {
            long[] words = {
                0,
                1,
                -1,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                4096,
                0x11000,
                1L << 14,
                1L << 33,
                -4096,
                before + 8,
                -before,
                before << 1,
                random.nextLong(),
                snapshot.cursor().seek(random.nextInt(snapshot.size())).start()
            };
            return words[random.nextInt(words.length)];
        }

        @Override
        int fill(long address, ByteBuffer to) throws MapsException {
            byte[] real = new byte[to.remaining()];
            int got = memory.read(address, real, 0, real.length);
            to.put(0, real);
            for (int at = 0; at + Long.BYTES <= got; at += Long.BYTES) {
                if (random.nextInt(oneOf) == 0) {
                    to.putLong(at, word(to.getLong(at)));
                }
            }
            return got;
        }
    }

    @Test
    void anyWordsInItsStructures() throws Exception {
        JvmProcess.Flags flags = JvmProcess.Flags.read(new VmReader(memory, tables));
        VmSymbols symbols = VmSymbols.read(
                maps,
                snapshot,
                tables,
                Metaspaces.CLASS_CONTEXT,
                Metaspaces.OTHER_CONTEXT,
                CollectorTables.MARK_BITMAP,
                CollectorTables.SUMMARY,
                CollectorTables.VIRTUAL_TABLE,
                CollectorTables.MARK_STACKS,
                VmStructures.POLLING_PAGE);
        int found = 0;
        for (int seed = 0; seed < TRIES; seed++) {
            VmReader vm = new VmReader(new Mutated(seed), tables);
            RegionCandidates claims = new RegionCandidates();
            claims.add(RegionsOfG1.candidates(vm));
            claims.add(RegionsOfShenandoah.candidates(vm, flags));
            claims.add(Generations.candidates(vm, flags));
            claims.add(VmStructures.heap(vm));
            claims.add(VmStructures.code(vm));
            claims.add(Metaspaces.candidates(vm, symbols));
            claims.add(VmStructures.archive(vm));
            claims.add(CollectorTables.candidates(vm, snapshot, flags, symbols));
            claims.add(VmStructures.others(vm, symbols));
            claims.add(HeapOfZ.candidates(vm));
            if (seed % 50 == 0) { // these take longer
                claims.add(new ThreadStacks(vm, snapshot, Path.of("/proc/self")).candidates());
                claims.add(new MappedMemory(vm, snapshot, null).candidates(new TreeSet<>()));
                JvmProcess.Flags.read(vm);
                CommandLine.lineEnds(vm);
            }
            found += claims.chosen().size();
            assertThat(claims.chosen().values())
                    .as("seed %d", seed)
                    .allMatch(claim -> Long.compareUnsigned(claim.start(), claim.end()) < 0);
        }
        assertThat(found).as("most words are left as they are").isPositive();
    }

    /** This JVM's memory, with the words at some addresses replaced. */
    private VmReader replaced(Map<Long, Long> words) {
        return new VmReader(
                new FakeMemory() {
                    @Override
                    int fill(long address, ByteBuffer to) throws MapsException {
                        byte[] real = new byte[to.remaining()];
                        int got = memory.read(address, real, 0, real.length);
                        to.put(0, real);
                        words.forEach((at, word) -> {
                            if (at - address >= 0 && at - address + Long.BYTES <= got) {
                                to.putLong((int) (at - address), word);
                            }
                        });
                        return got;
                    }
                },
                tables);
    }

    /** One region of a size that goes below its start, and below address 0. */
    @Test
    void aRegionOfG1WithANegativeSize() throws Exception {
        VmReader vm = new VmReader(memory, tables);
        String type = vm.has("G1HeapRegion", "_type") ? "G1HeapRegion" : "HeapRegion";
        assumeTrue(JvmProcess.Flags.read(vm).isOn("UseG1GC"), "this JVM does not use G1");
        long table = vm.pointer("Universe", "_collectedHeap")
                + vm.location("G1CollectedHeap", "_hrm")
                + vm.location(type + "Manager", "_regions");
        long length = table + vm.location("G1HeapRegionTable", "_length");
        assertThat(RegionsOfG1.candidates(replaced(Map.of(length, 1L)))).hasSize(1);
        for (long size : new long[] {-4096, Long.MIN_VALUE, 0, Long.MAX_VALUE}) {
            assertThat(RegionsOfG1.candidates(replaced(Map.of(length, 1L, vm.location(type, "GrainBytes"), size))))
                    .isEmpty();
        }
    }

    /** A node of metaspace that reaches beyond the end of the address space. */
    @Test
    void aNodeOfMetaspaceThatWraps() throws Exception {
        VmReader vm = new VmReader(memory, tables);
        VmSymbols symbols = VmSymbols.read(maps, snapshot, tables, Metaspaces.OTHER_CONTEXT);
        assumeTrue(!symbols.isEmpty(), "libjvm.so has no symbol table");
        List<RegionCandidate> real = Metaspaces.candidates(vm, symbols);
        assertThat(real).isNotEmpty();
        long list = vm.longsAt(symbols.value(vm, Metaspaces.OTHER_CONTEXT), 2)[1];
        Map<Long, Long> words = new HashMap<>();
        for (long node : vm.longsAt(list, 3)) {
            try {
                long[] fields = vm.longsAt(node, 16);
                long bytes = real.get(0).end() - real.get(0).start();
                for (int i = 0; i < fields.length; i++) {
                    if (fields[i] == real.get(0).start()) {
                        words.put(node + (long) i * Long.BYTES, -4096L);
                    } else if (fields[i] == bytes || fields[i] == bytes / Long.BYTES) {
                        words.put(node + (long) i * Long.BYTES, fields[i] == bytes ? 8192L : 1024L);
                    }
                }
            } catch (VmFieldMissing noNode) {
                continue;
            }
        }
        assertThat(words).hasSizeGreaterThanOrEqualTo(4);
        assertThat(Metaspaces.candidates(replaced(words), symbols)).isEmpty();
    }

    @Test
    void numbersOfWordsAreChecked() {
        VmReader vm = new VmReader(memory, tables);
        for (long count :
                new long[] {-1, Long.MIN_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> vm.longsAt(tables.start(), count)).isInstanceOf(VmFieldMissing.class);
        }
    }

    /** A stack whose size is larger than its end. */
    @Test
    void aStackBelowAddressZero() throws Exception {
        VmReader vm = new VmReader(memory, tables);
        long stackBase = vm.location("JavaThread", "_stack_base");
        long stackSize = vm.location("JavaThread", "_stack_size");
        long list = vm.pointer("ThreadsSMRSupport", "_java_thread_list");
        int count = vm.intAt(list + vm.location("ThreadsList", "_length"));
        List<Long> fields = new ArrayList<>();
        for (long thread : vm.longsAt(vm.pointer(list, "ThreadsList", "_threads"), count)) {
            fields.add(thread);
        }
        long mapped = snapshot.cursor().seek(0).end(); // the lowest mapping
        FakeMemory wrapping = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) throws MapsException {
                byte[] real = new byte[to.remaining()];
                int got = memory.read(address, real, 0, real.length);
                to.put(0, real);
                if (fields.contains(address - stackBase)) {
                    to.putLong(0, mapped);
                } else if (fields.contains(address - stackSize)) {
                    to.putLong(0, Math.min(8L << 30, mapped + 4096));
                }
                return got;
            }
        };
        assertThat(new ThreadStacks(new VmReader(wrapping, tables), snapshot, Path.of("/proc/self")).candidates())
                .allMatch(claim -> Long.compareUnsigned(claim.start(), claim.end()) < 0);
    }

    /** A table of 16,384 flags, each with a text of 60,000 bytes. */
    @Test
    void textsOfFlagsAreBounded() throws Exception {
        VmReader real = new VmReader(memory, tables);
        long number = real.location("JVMFlag", "numFlags");
        long table = real.location("JVMFlag", "flags");
        int size = (int) real.sizeOf("JVMFlag");
        long nameAt = real.location("JVMFlag", "_name");
        long valueAt = real.location("JVMFlag", "_addr");
        long typeAt = real.location("JVMFlag", "_type");
        int count = 1 << 14;
        long base = 1L << 40;
        FakeMemory fake = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                for (int i = 0; i < to.limit(); i++) {
                    to.put(i, (byte) byteAt(address + i));
                }
                return to.limit();
            }

            private long byteAt(long address) {
                long word = address == (address & -8) ? address : address & -8;
                if (word == number) {
                    return (long) count >>> 8 * (address - word);
                }
                if (word == table) {
                    return base >>> 8 * (address - word);
                }
                long at = address - base;
                if (at >= 0 && at < (long) count * size) {
                    long flag = at / size;
                    long field = at % size;
                    return field >= nameAt && field < nameAt + 8
                            ? 2 * base + flag * 16 >>> 8 * (field - nameAt)
                            : field >= valueAt && field < valueAt + 8
                                    ? 3 * base + flag * 8 >>> 8 * (field - valueAt)
                                    : field == typeAt ? 8 : 0; // a text
                }
                if (address >= 4 * base) {
                    return address - 4 * base < 60_000 ? 'x' : 0;
                }
                if (address >= 3 * base) {
                    return 4 * base >>> 8 * (address & 7);
                }
                long character = address & 15; // of a name
                return character < 8 ? 'a' + (address - 2 * base >>> 4 + 2 * character & 3) : 0;
            }
        };
        JvmProcess.Flags flags = JvmProcess.Flags.read(new VmReader(fake, tables));
        long bytes = flags.names().stream()
                .mapToLong(name -> flags.text(name).orElse("").length())
                .sum();
        assertThat(bytes).isBetween(60_000L, 1L << 20);
    }

    /** 524,288 arguments with 1 MiB of text each. */
    @Test
    void workForArgumentsIsBounded() throws Exception {
        VmReader real = new VmReader(memory, tables);
        long number = real.location("Arguments", "_num_jvm_args");
        FakeMemory fake = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                for (int i = 0; i < to.limit(); i++) {
                    // texts of up to 1 MiB
                    to.put(i, (byte) (address == number && i != 2 || (address + i & 0xfffff) == 0xfffff ? 0 : 8));
                }
                return to.limit();
            }
        };
        CommandLine.lineEnds(new VmReader(fake, tables));
        assertThat(fake.bytesRead()).isBetween(1L << 20, 1L << 26);
    }

    @Test
    void nothingIsReadOfAClosedProcess() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            JvmProcess jvm = JvmProcess.of(self);
            jvm.close();
            assertThatThrownBy(jvm::runState)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(jvm::flags)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(jvm::version)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}
