package org.mapfiles.timeline;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.mapfiles.ImmutableMapping;

/**
 * What a timeline has recorded: one {@link TimelineBlock} after the other, the oldest of which are dropped when all of them take more
 * memory than they may. Not thread-safe.
 */
final class TimelineBlocks {
    /** The least number of changes in a block before the next one begins: with less, the bases would take more than the changes. */
    private static final int MIN_CHANGES = 256;

    private final long maxBytes;
    private final List<TimelineBlock> blocks = new ArrayList<>();

    TimelineBlocks(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    boolean isEmpty() {
        return blocks.isEmpty();
    }

    /** The first time that is recorded. There is at least one block. */
    long begin() {
        return blocks.get(0).begin;
    }

    /** Begins the next block. */
    void begin(long time, Collection<TrackedMappings.Known> mappings) {
        ImmutableMapping[] base = new ImmutableMapping[mappings.size()];
        int count = 0;
        for (TrackedMappings.Known known : mappings) {
            base[count++] = known.mapping;
        }
        blocks.add(new TimelineBlock(time, base));
    }

    /** Adds a change to each block in whose time it may have happened. */
    void add(ImmutableMapping mapping, boolean isGone, long after, long upTo) {
        for (int i = blocks.size() - 1; i >= 0; i--) {
            blocks.get(i).add(mapping, isGone, after, upTo);
            if (after >= blocks.get(i).begin) {
                break; // it cannot have happened in an earlier one
            }
        }
    }

    /** Begins the next block if the last one is full, and drops what is too much. The mappings are those of that time. */
    void keepWithinBounds(long time, Collection<TrackedMappings.Known> mappings) {
        TimelineBlock last = blocks.get(blocks.size() - 1);
        if (last.count() >= Math.max(MIN_CHANGES, last.base.length) && time > last.begin) {
            begin(time, mappings);
        }
        dropOldest(bytes());
    }

    /** Drops blocks until the rest, which takes so many bytes now, is within the bound, but never the last one. Returns what is left. */
    private long dropOldest(long bytes) {
        long left = bytes;
        int dropped = 0;
        while (left > maxBytes && dropped < blocks.size() - 1) {
            left -= blocks.get(dropped++).bytes();
        }
        blocks.subList(0, dropped).clear();
        return left;
    }

    /** Bytes on the heap, approximately. */
    long bytes() {
        long bytes = 0;
        for (TimelineBlock block : blocks) {
            bytes += block.bytes();
        }
        return bytes;
    }

    /** Finds what covered an address at a time that is not before {@link #begin}. */
    void find(long address, long time, TimelineResult answer) {
        blocks.get(blockAt(time)).find(address, time, answer);
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

    /** Reads all blocks of a file, and drops what is too much meanwhile: a file may have very many very small ones. */
    void read(TimelineFile.Reader reader) throws IOException {
        long bytes = 0;
        for (TimelineBlock block = reader.next(); block != null; block = reader.next()) {
            blocks.add(block);
            bytes += block.bytes();
            if (bytes - maxBytes > maxBytes / 4) { // many at a time
                bytes = dropOldest(bytes);
            }
        }
        dropOldest(bytes);
    }
}
