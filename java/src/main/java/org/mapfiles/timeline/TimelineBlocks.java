package org.mapfiles.timeline;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * The blocks of a timeline, in order of time. If they exceed the memory limit, the oldest ones are dropped. Not
 * thread-safe.
 */
final class TimelineBlocks {
    /**
     * Minimum number of changes in a block before the next one begins: with fewer, the bases would take more memory
     * than the changes.
     */
    private static final int MIN_CHANGES = 256;

    private final long maxBytes;
    private final List<TimelineBlock> blocks = new ArrayList<>();

    TimelineBlocks(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    boolean isEmpty() {
        return blocks.isEmpty();
    }

    /** Returns the first recorded time. There must be a block. */
    long begin() {
        return blocks.get(0).begin;
    }

    /** Begins the next block. */
    void begin(long time, Collection<TrackedMappings.Tracked> mappings) {
        ImmutableMapping[] base = new ImmutableMapping[mappings.size()];
        int count = 0;
        for (TrackedMappings.Tracked tracked : mappings) {
            base[count++] = tracked.mapping;
        }
        blocks.add(new TimelineBlock(time, base));
    }

    /** Adds a change to each block in whose time it may have happened. */
    void add(@Nullable ImmutableMapping mapping, boolean isRemoved, long after, long upTo) {
        for (int i = blocks.size() - 1; i >= 0; i--) {
            blocks.get(i).add(mapping, isRemoved, after, upTo);
            if (after >= blocks.get(i).begin) {
                break; // the change cannot have happened in an earlier block
            }
        }
    }

    /**
     * Begins the next block if the last one is full, and drops the oldest blocks beyond the limit. The mappings are
     * those of that time.
     */
    void keepWithinBounds(long time, Collection<TrackedMappings.Tracked> mappings) {
        TimelineBlock last = blocks.get(blocks.size() - 1);
        if (last.count() >= Math.max(MIN_CHANGES, last.base.length) && time > last.begin) {
            begin(time, mappings);
        }
        dropOldest(bytes());
    }

    /**
     * Drops the oldest blocks beyond the limit, but never the last block. Takes and returns the size of all blocks, in
     * bytes.
     */
    private long dropOldest(long bytes) {
        long left = bytes;
        int dropped = 0;
        while (left > maxBytes && dropped < blocks.size() - 1) {
            left -= blocks.get(dropped++).bytes();
        }
        blocks.subList(0, dropped).clear();
        return left;
    }

    /** Returns the approximate size on the Java heap, in bytes. */
    long bytes() {
        long bytes = 0;
        for (TimelineBlock block : blocks) {
            bytes += block.bytes();
        }
        return bytes;
    }

    /** Finds the mappings that may have covered an address at a time, which is not before {@link #begin}. */
    void find(long address, long time, TimelineResult result) {
        blocks.get(blockAt(time)).find(address, time, result);
    }

    private int blockAt(long time) {
        int low = 0;
        int high = blocks.size() - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (blocks.get(middle).begin <= time) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    void write(long polledAt, long recordedUntil, OutputStream out) throws IOException {
        TimelineFile.write(blocks, polledAt, recordedUntil, out);
    }

    /**
     * Reads all blocks of a file. Drops the oldest ones during the read, since a file may have very many small blocks.
     */
    void read(TimelineFile.Reader reader) throws IOException {
        long bytes = 0;
        for (TimelineBlock block = reader.next(); block != null; block = reader.next()) {
            blocks.add(block);
            bytes += block.bytes();
            if (bytes - maxBytes > maxBytes / 4) { // seldom, because dropping moves the list
                bytes = dropOldest(bytes);
            }
        }
        dropOldest(bytes);
    }
}
