package org.mapfiles.cli.commands;

import org.mapfiles.jvm.JvmRegions;

/**
 * A part of the memory of a JVM.
 *
 * @param committed bytes in mappings that permit access; 0 if it was not read
 */
record JvmPart(
        JvmRegions.Kind region,
        String detail,
        boolean isInferred,
        long start,
        long end,
        long committed,
        MemoryColumns.Sums memory)
        implements OrderOptions.Row {
    /** @param memory null: committed and resident bytes are not read */
    JvmPart(JvmRegions regions, int index, JvmMemory memory) {
        this(
                regions.region(index),
                regions.detail(index),
                regions.isInferred(index),
                regions.start(index),
                regions.end(index),
                memory == null ? 0 : memory.committed(index),
                memory == null ? new MemoryColumns.Sums() : memory.of(index));
    }

    @Override
    public long size() {
        return end - start;
    }

    @Override
    public long rss() {
        return memory.rss();
    }

    @Override
    public String path() {
        return detail;
    }

    @Override
    public long address() {
        return start;
    }
}
