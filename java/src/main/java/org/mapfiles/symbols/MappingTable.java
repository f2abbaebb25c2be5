package org.mapfiles.symbols;

import org.jspecify.annotations.Nullable;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeMemory;

/** From a mapping to its ELF file. Immutable but for its own construction: threads read it without a lock. */
final class MappingTable {
    /**
     * A loader maps one segment after the other, so more of the other mappings may be there later. Before Linux 6.11 a
     * look-up reads all of them.
     */
    private static final long NANOS_UNTIL_LOOK_UP = 1_000_000_000;

    // open addressing by the start; its length is a power of two, and at most half of it is used
    private final @Nullable Entry[] entries;
    private final int size;

    MappingTable(int length) {
        this(new Entry[length], 0);
    }

    private MappingTable(@Nullable Entry[] entries, int size) {
        this.entries = entries;
        this.size = size;
    }

    /** A mapping, and its file or why there is none. */
    static final class Entry {
        private final long start;
        private final long end;
        private final long offset;
        private final long inode;
        private final int deviceMajor;
        private final int deviceMinor;
        private final int flags;
        private final boolean hasBias;
        private final long bias;
        final @Nullable ElfFile file;
        final SymbolInfo.Status status;
        /** Without a bias: when the other mappings of the process were looked up, as System.nanoTime() counts. */
        private volatile long lookedUp;

        /** @param maps of the process, whose other mappings may be looked up */
        Entry(ProcessMaps maps, Mapping mapping, @Nullable ElfFile file, SymbolInfo.Status status)
                throws MapsException {
            flags = mapping.flags();
            NativeMemory out = file == null ? null : new NativeMemory(Long.BYTES);
            hasBias = out != null && file.loadBias(maps, mapping, out);
            bias = out == null ? 0 : out.bytes().getLong(0);
            start = mapping.start();
            end = mapping.end();
            offset = mapping.offset();
            inode = mapping.inode();
            deviceMajor = mapping.deviceMajor();
            deviceMinor = mapping.deviceMinor();
            this.file = file;
            this.status = status;
            lookedUp = file == null || hasBias ? 0 : System.nanoTime();
        }

        /** Sets the ELF address of an address in the mapping, or why it is unknown; returns whether it is known. */
        boolean locate(ProcessMaps maps, Mapping mapping, long address, SymbolInfo result) throws MapsException {
            if (Long.compareUnsigned(address - start, end - start) >= 0) {
                throw new IllegalArgumentException("the mapping does not cover 0x" + Long.toHexString(address));
            }
            if (file == null) {
                return result.set(status, null, 0);
            }
            if (hasBias) {
                return result.setElfAddress(file, address - bias);
            }
            if (file.elfAddress(mapping, address, result)) {
                return true;
            }
            long now = System.nanoTime();
            if (now - lookedUp < NANOS_UNTIL_LOOK_UP) {
                return false;
            }
            lookedUp = now;
            return file.elfAddressNow(maps, address, result);
        }

        boolean is(Mapping mapping) {
            return start == mapping.start()
                    && end == mapping.end()
                    && offset == mapping.offset()
                    && flags == mapping.flags()
                    && inode == mapping.inode()
                    && deviceMajor == mapping.deviceMajor()
                    && deviceMinor == mapping.deviceMinor();
        }
    }

    int size() {
        return size;
    }

    private static int slot(long start, int length) {
        return (int) (start * 0x9E3779B97F4A7C15L >>> 40) & length - 1;
    }

    /** Returns the entry of a mapping; null: there is none. */
    @Nullable
    Entry find(Mapping mapping) {
        @Nullable Entry[] all = entries;
        for (int at = slot(mapping.start(), all.length); all[at] != null; at = at + 1 & all.length - 1) {
            if (all[at].is(mapping)) {
                return all[at];
            }
        }
        return null;
    }

    /** Returns a table with one more entry. It replaces one with the same start. */
    MappingTable with(Entry entry) {
        @Nullable Entry[] all = new Entry[2 * (size + 1) > entries.length ? 2 * entries.length : entries.length];
        int count = 0;
        for (@Nullable Entry old : entries) {
            if (old != null && old.start != entry.start) {
                put(all, old);
                count++;
            }
        }
        put(all, entry);
        return new MappingTable(all, count + 1);
    }

    private static void put(@Nullable Entry[] all, Entry entry) {
        int at = slot(entry.start, all.length);
        while (all[at] != null) {
            at = at + 1 & all.length - 1;
        }
        all[at] = entry;
    }
}
