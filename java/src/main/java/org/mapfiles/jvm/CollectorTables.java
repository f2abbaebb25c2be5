package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the tables of collectors outside the heap: card tables, tables of object starts, mark bits. Some are exported
 * structures, others are static variables of the JVM. Those of G1 and some of Shenandoah are recognized by their
 * content, and are inferred.
 */
final class CollectorTables {
    static final String MARK_BITMAP = "_ZN17PSParallelCompact12_mark_bitmapE";
    static final String SUMMARY = "_ZN17PSParallelCompact13_summary_dataE";
    static final String VIRTUAL_TABLE = "_ZTV14PSVirtualSpace";
    /** An object points behind the first two words of its virtual table (Itanium C++ ABI, 2.5). */
    private static final long FIRST_FUNCTION = 2 * Long.BYTES;

    static final String MARK_STACKS = "MarkStackSpaceStart"; // after the prefix of ZGC

    private static final int MAX_OBJECT_WORDS = 512;
    /** Number of words that are read of an object that the G1 heap points to. */
    private static final int PART_WORDS = 256;

    private static final int BARRIER_SET_WORDS = 32;
    /** Alignment of ShenandoahHeapRegion objects, in bytes. */
    private static final int CACHE_LINES = 128;

    private static final int CARD_SHIFT = 9;
    private static final int PAGE = 4096;
    private static final int MAX_GRANULES = 1 << 28;

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final List<RegionCandidate> candidates = new ArrayList<>();

    private CollectorTables(VmReader vm, MapSnapshot snapshot) {
        this.vm = vm;
        this.snapshot = snapshot;
    }

    static List<RegionCandidate> candidates(
            VmReader vm, MapSnapshot snapshot, JvmProcess.Flags flags, VmSymbols symbols) {
        CollectorTables tables = new CollectorTables(vm, snapshot);
        tables.find(tables::cards);
        if (flags.isOn("UseSerialGC")) {
            tables.find(tables::objectStartsOfSerial);
        } else if (flags.isOn("UseParallelGC")) {
            tables.find(() -> tables.parallel(symbols));
        } else if (flags.isOn("UseG1GC")) {
            tables.find(tables::g1);
        } else if (flags.isOn("UseShenandoahGC")) {
            tables.find(tables::shenandoah);
            tables.find(tables::regionsOfShenandoah);
        } else if (flags.isOn("UseZGC")) {
            String prefix = HeapOfZ.prefix(vm);
            tables.find(() -> tables.z(prefix));
            tables.find(() -> tables.markStacksOfZ(prefix, flags, symbols));
        }
        return tables.candidates;
    }

    /** Finds one kind of table. */
    private interface Finder {
        void find() throws VmFieldMissing;
    }

    private void find(Finder finder) {
        try {
            finder.find();
        } catch (VmFieldMissing none) {
            // this JVM does not have the table, or its structure differs
        }
    }

    private void add(long start, long end, String detail, boolean isInferred) {
        if (start != 0 && Long.compareUnsigned(start, end) < 0) {
            candidates.add(new RegionCandidate(start, end, JvmRegions.Kind.GC, detail, isInferred));
        }
    }

    private void cards() throws VmFieldMissing {
        long barriers = vm.pointer("BarrierSet", "_barrier_set");
        int kind = vm.intAt(barriers
                + vm.location("BarrierSet", "_fake_rtti")
                + vm.location("BarrierSet::FakeRtti", "_concrete_tag"));
        if (kind == vm.constant("BarrierSet::CardTableBarrierSet") || kind == vm.constant("BarrierSet::G1BarrierSet")) {
            long table = vm.pointer(barriers, "CardTableBarrierSet", "_card_table");
            long map = vm.pointer(table, "CardTable", "_byte_map");
            add(map, map + vm.pointer(table, "CardTable", "_byte_map_size"), "card table", false);
        }
    }

    private void objectStartsOfSerial() throws VmFieldMissing {
        boolean isNew = vm.has("SerialHeap", "_old_gen"); // JDK 22+
        long old = vm.pointer(
                vm.pointer("Universe", "_collectedHeap"), isNew ? "SerialHeap" : "GenCollectedHeap", "_old_gen");
        long table;
        if (isNew) {
            table = vm.pointer(old, "TenuredGeneration", "_bts") + vm.location("SerialBlockOffsetTable", "_vs");
        } else {
            long space = vm.pointer(old, "TenuredGeneration", "_the_space")
                    + vm.location("OffsetTableContigSpace", "_offsets");
            table = vm.pointer(space, "BlockOffsetArray", "_array") + vm.location("BlockOffsetSharedArray", "_vs");
        }
        add(
                vm.pointer(table, "VirtualSpace", "_low_boundary"),
                vm.pointer(table, "VirtualSpace", "_high_boundary"),
                "object starts",
                false);
    }

    /** Finds the objects of class PSVirtualSpace, by their virtual table. Up to JDK 27 the young generation has one. */
    private void parallel(VmSymbols symbols) throws VmFieldMissing {
        long young = Generations.ofParallel(vm, "_young_gen");
        long virtualTable = vm.has("PSYoungGen", "_virtual_space")
                ? vm.longAt(vm.pointer(young, "PSYoungGen", "_virtual_space"))
                : symbols.variable(VIRTUAL_TABLE).address() + FIRST_FUNCTION;
        find(() -> spacesIn(
                symbols.variable(MARK_BITMAP).address(),
                symbols.variable(MARK_BITMAP).size(),
                virtualTable,
                "mark bits"));
        find(() -> spacesIn(
                symbols.variable(SUMMARY).address(),
                symbols.variable(SUMMARY).size(),
                virtualTable,
                "summary of the heap"));
        long old = Generations.ofParallel(vm, "_old_gen");
        long heap = vm.has("PSOldGen", "_virtual_space") ? vm.pointer(old, "PSOldGen", "_virtual_space") : 0;
        long[] words = vm.longsAt(old, Math.min(vm.sizeOf("PSOldGen") / Long.BYTES, MAX_OBJECT_WORDS));
        for (int i = 0; i < words.length; i++) {
            long at = old + (long) i * Long.BYTES;
            long word = words[i];
            if (word == virtualTable && at != heap) { // up to JDK 21 the table of object starts is in the generation
                space(at, "object starts");
            } else if (word % Long.BYTES == 0 && word != heap) { // later it points to it, which begins with a pointer
                find(() -> spacesIn(word, Long.BYTES, virtualTable, "object starts"));
            }
        }
    }

    private void spacesIn(long object, long size, long virtualTable, String detail) throws VmFieldMissing {
        for (long word : vm.longsAt(object, Math.min(size / Long.BYTES, MAX_OBJECT_WORDS))) {
            try {
                if (word % Long.BYTES == 0 && vm.longAt(word) == virtualTable) {
                    space(word, detail);
                }
            } catch (VmFieldMissing noPointer) {
                continue;
            }
        }
    }

    private void space(long space, String detail) throws VmFieldMissing {
        add(
                vm.pointer(space, "PSVirtualSpace", "_reserved_low_addr"),
                vm.pointer(space, "PSVirtualSpace", "_reserved_high_addr"),
                detail,
                false);
    }

    /**
     * Finds objects that the G1 heap points to and that have a reserved range (G1PageBasedVirtualSpace) with exactly
     * the size of a table for the heap. Mark bits have one bit for each word of the heap. Object starts and card counts
     * (up to JDK 19) have one byte for each 512 bytes.
     */
    private void g1() throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long words = vm.pointer(heap + vm.location("CollectedHeap", "_reserved"), "MemRegion", "_word_size");
        long cards = candidates.isEmpty() ? 0 : candidates.get(0).start();
        long[] pointers = vm.longsAt(heap, Math.min(vm.sizeOf("G1CollectedHeap") / Long.BYTES, MAX_OBJECT_WORDS));
        for (long[] object : vm.objects(pointers, PART_WORDS)) {
            for (int i = 0; i + 1 < object.length; i++) {
                long start = object[i];
                long bytes = object[i + 1] - start;
                boolean isBits = bytes == words / Byte.SIZE;
                boolean isTable = bytes == words * Long.BYTES >>> CARD_SHIFT && start != cards;
                if (words > 0
                        && start % PAGE == 0
                        && (isBits || isTable)
                        && isAnonymous(start)
                        && isAnonymous(start + bytes - 1)) {
                    add(start, start + bytes, isBits ? "mark bits" : "object starts or card counts", true);
                }
            }
        }
    }

    /**
     * Finds ranges in the ShenandoahHeap object, each as address and words, that have the size of mark bits: two bits
     * for each word of the heap.
     */
    private void shenandoah() throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long words = vm.pointer(heap + vm.location("CollectedHeap", "_reserved"), "MemRegion", "_word_size");
        find(() -> cardsOfShenandoah(
                vm.pointer(heap + vm.location("CollectedHeap", "_reserved"), "MemRegion", "_start"), words));
        long[] fields = vm.longsAt(heap, Math.min(vm.sizeOf("ShenandoahHeap") / Long.BYTES, MAX_OBJECT_WORDS));
        for (int i = 0; i + 1 < fields.length; i++) {
            if (fields[i + 1] == words >>> 5 && fields[i] % Long.BYTES == 0 && isAnonymous(fields[i])) {
                add(fields[i], fields[i] + fields[i + 1] * Long.BYTES, "mark bits", true);
            }
        }
    }

    /** Finds the array of ShenandoahHeapRegion objects. */
    private void regionsOfShenandoah() throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap");
        long count = vm.pointer(heap, "ShenandoahHeap", "_num_regions");
        if (count < 1 || count > RegionsOfShenandoah.MAX_REGIONS) {
            return;
        }
        long[] regions = vm.longsAt(vm.pointer(heap, "ShenandoahHeap", "_regions"), count);
        long start = Arrays.stream(regions).min().orElse(0);
        long end = Arrays.stream(regions).max().orElse(0) + vm.sizeOf("ShenandoahHeapRegion");
        if (start > 0 && end - start <= count * 2 * Math.max(vm.sizeOf("ShenandoahHeapRegion"), CACHE_LINES)) {
            add(start, end, "descriptions of regions", false);
        }
    }

    /**
     * Finds the card tables of the generational mode. The barrier set points to an object with the range of the heap
     * and, for each table, its start and its biased start: the start that it would have for a heap at address 0.
     */
    private void cardsOfShenandoah(long start, long words) throws VmFieldMissing {
        long range = vm.location("CardTable", "_whole_heap");
        long size = vm.location("CardTable", "_byte_map_size");
        if (range < 0 || range % Long.BYTES != 0 || size < 0 || size % Long.BYTES != 0) {
            return;
        }
        for (long[] object : vm.objects(
                vm.longsAt(vm.pointer("BarrierSet", "_barrier_set"), BARRIER_SET_WORDS), BARRIER_SET_WORDS)) {
            int at = (int) range / Long.BYTES;
            if (Math.max(range, size) / Long.BYTES + 1 >= object.length
                    || object[at] != start
                    || object[at + 1] != words) {
                continue;
            }
            long bytes = object[(int) size / Long.BYTES];
            for (long map : object) {
                boolean isTable = map % PAGE == 0
                        && bytes > 0
                        && isAnonymous(map)
                        && isAnonymous(map + bytes - 1)
                        && Arrays.stream(object).anyMatch(word -> word == map - (start >>> CARD_SHIFT));
                if (isTable) {
                    add(map, map + bytes, "card table", true);
                }
            }
        }
    }

    private boolean isAnonymous(long address) {
        int index = snapshot.find(address);
        MapCursor mapping = index < 0 ? null : snapshot.cursor().seek(index);
        return mapping != null && mapping.kind() == Mapping.Kind.ANONYMOUS;
    }

    /**
     * Finds the granule maps of ZGC, which have a pointer for each granule of the address space for objects. Their size
     * precedes the field that points to them (src/hotspot/share/gc/z/zGranuleMap.hpp).
     */
    private void z(String prefix) throws VmFieldMissing {
        long heap = vm.pointer("Universe", "_collectedHeap") + vm.location(prefix + "CollectedHeap", "_heap");
        find(() -> granules(
                heap + vm.location(prefix + "Heap", "_page_table") + vm.location(prefix + "PageTable", "_map"),
                prefix + "GranuleMapForPageTable",
                "page table"));
        find(() -> granules(
                heap
                        + vm.location(prefix + "Heap", "_forwarding_table")
                        + vm.location(prefix + "ForwardingTable", "_map"),
                prefix + "GranuleMapForForwarding",
                "forwarding table")); // without generations
    }

    private void granules(long map, String type, String detail) throws VmFieldMissing {
        long field = vm.location(type, "_map");
        long count = field == Long.BYTES ? vm.longAt(map) : 0;
        if (count > 0 && count <= MAX_GRANULES) {
            long start = vm.longAt(map + field);
            add(start, start + count * Long.BYTES, detail, false);
        }
    }

    private void markStacksOfZ(String prefix, JvmProcess.Flags flags, VmSymbols symbols) throws VmFieldMissing {
        long start = symbols.value(vm, prefix + MARK_STACKS);
        add(start, start + flags.number("ZMarkStackSpaceLimit").orElse(0), "mark stacks", false);
    }
}
