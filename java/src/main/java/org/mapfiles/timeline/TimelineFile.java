package org.mapfiles.timeline;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.internal.ErrorText;

/**
 * Writes and reads a timeline. The format, inside gzip, with numbers in big-endian order:
 *
 * <pre>
 * file     int "mftl"  int version  long polledAt  recordedUntil  { block }  byte 0
 * block    byte 1  long begin  { byte 2  mapping }  { byte 3 or 4  long after  long upTo  mapping }  byte 0
 *          2: mapped at the begin   3: added   4: removed
 * mapping  long start  end  offset  inode  int deviceMajor  deviceMinor  flags  nameLength  bytes of the name
 *          flags: those of {@link org.mapfiles.internal.MapRecord}; the highest: from an event, not from a snapshot
 *          nameLength -1: the name of the previous mapping;   end 0: all mappings, and nothing follows
 * </pre>
 */
final class TimelineFile {
    private static final int MAGIC = 0x6d66746c;
    private static final int VERSION = 2;
    private static final int END = 0;
    private static final int BLOCK = 1;
    private static final int MAPPED = 2;
    private static final int ADDED = 3;
    private static final int REMOVED = 4;
    private static final int SAME_NAME = -1;
    /**
     * How much a single block may exceed the limit, in bytes, since the last block is never dropped. Ordinary processes
     * need less.
     */
    private static final long BLOCK_BYTES = 64 << 20;

    private TimelineFile() {}

    static void write(List<TimelineBlock> blocks, long polledAt, long recordedUntil, OutputStream to)
            throws IOException {
        GZIPOutputStream zip = new GZIPOutputStream(to);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(zip));
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeLong(polledAt);
        out.writeLong(recordedUntil);
        byte @Nullable [] name = null;
        for (TimelineBlock block : blocks) {
            out.writeByte(BLOCK);
            out.writeLong(block.begin);
            for (ImmutableMapping mapping : block.base) {
                out.writeByte(MAPPED);
                name = write(mapping, name, out);
            }
            for (int i = 0; i < block.count(); i++) {
                out.writeByte(block.isRemoved(i) ? REMOVED : ADDED);
                out.writeLong(block.after(i));
                out.writeLong(block.upTo(i));
                name = write(block.mapping(i), name, out);
            }
            out.writeByte(END);
        }
        out.writeByte(END);
        out.flush();
        zip.finish();
    }

    /** Writes a mapping; returns its name, or the previous name if the mapping is null. */
    private static byte @Nullable [] write(
            @Nullable ImmutableMapping mapping, byte @Nullable [] before, DataOutputStream out) throws IOException {
        if (mapping == null) {
            out.writeLong(0);
            out.writeLong(0);
            return before;
        }
        out.writeLong(mapping.start());
        out.writeLong(mapping.end());
        out.writeLong(mapping.offset());
        out.writeLong(mapping.inode());
        out.writeInt(mapping.deviceMajor());
        out.writeInt(mapping.deviceMinor());
        out.writeInt(StoredMappings.flags(mapping));
        byte[] name = StoredMappings.name(mapping);
        boolean isSame = Arrays.equals(name, before);
        out.writeInt(isSame ? SAME_NAME : name.length);
        out.write(name, 0, isSame ? 0 : name.length);
        return name;
    }

    /** Reads one block at a time. */
    static final class Reader {
        private final DataInputStream in;
        private final long polledAt;
        private final long recordedUntil;
        private byte[] name = {};
        private long begin = Long.MIN_VALUE;
        /** Maximum size of a block on the Java heap, in bytes: a hostile file must not exhaust the memory. */
        private final long maximum;

        private long left;

        Reader(InputStream from, long maxBytes) throws IOException {
            maximum = BLOCK_BYTES + Math.min(maxBytes, Long.MAX_VALUE - BLOCK_BYTES);
            try {
                in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(from)));
                if (in.readInt() != MAGIC) {
                    throw new IOException("the stream is not a timeline: pass one that MapTimeline.save() has written");
                }
                int version = in.readInt();
                if (version != VERSION) {
                    throw new IOException("the timeline has version " + version + ", and this library reads version "
                            + VERSION + ": save it with this library");
                }
                polledAt = in.readLong();
                recordedUntil = in.readLong();
            } catch (ZipException | EOFException e) {
                throw new IOException("the stream is not a timeline: " + ErrorText.of(e), e);
            }
        }

        long polledAt() {
            return polledAt;
        }

        long recordedUntil() {
            return recordedUntil;
        }

        /** Returns the next block, or null after the last one. */
        @Nullable
        TimelineBlock next() throws IOException {
            try {
                int tag = in.readByte();
                if (tag != END) {
                    return block(tag);
                }
                check(in.read() < 0, "data after its end"); // reading to the end also checks the checksum of gzip
                return null;
            } catch (ZipException | EOFException e) {
                throw new IOException("the timeline is cut off or damaged: " + ErrorText.of(e), e);
            }
        }

        private TimelineBlock block(int first) throws IOException {
            check(first == BLOCK, "an unknown kind of block");
            long from = in.readLong();
            check(from > begin, "blocks out of order");
            begin = from;
            left = maximum;
            List<ImmutableMapping> base = new ArrayList<>();
            int tag = in.readByte();
            for (; tag == MAPPED; tag = in.readByte()) {
                ImmutableMapping mapping = mapping();
                check(
                        mapping != null
                                && (base.isEmpty()
                                        || Long.compareUnsigned(
                                                        base.get(base.size() - 1)
                                                                .end(),
                                                        mapping.start())
                                                <= 0),
                        "mappings out of order");
                base.add(mapping);
            }
            TimelineBlock block = new TimelineBlock(from, base.toArray(new ImmutableMapping[0]));
            for (; tag != END; tag = in.readByte()) {
                check(tag == ADDED || tag == REMOVED, "an unknown kind of change");
                take(2 * TimelineBlock.CHANGE_BYTES); // arrays double when they grow
                long after = in.readLong();
                long upTo = in.readLong();
                ImmutableMapping mapping = mapping();
                check(after <= upTo && (mapping != null || tag == REMOVED), "a change without a mapping");
                block.add(mapping, tag == REMOVED, after, upTo);
            }
            return block;
        }

        private void take(long bytes) throws IOException {
            left -= bytes;
            if (left < 0) {
                throw new IOException(
                        "the timeline has a block of more than " + maximum + " bytes: load it with a higher maxBytes");
            }
        }

        private @Nullable ImmutableMapping mapping() throws IOException {
            long start = in.readLong();
            long end = in.readLong();
            if (end == 0) {
                return null;
            }
            check(Long.compareUnsigned(start, end) < 0, "an empty mapping");
            take(StoredMappings.HEAP_BYTES + 2 * TimelineBlock.REFERENCE_BYTES);
            long offset = in.readLong();
            long inode = in.readLong();
            int major = in.readInt();
            int minor = in.readInt();
            int flags = in.readInt();
            int length = in.readInt();
            check(length >= SAME_NAME, "a name of negative length");
            if (length != SAME_NAME) {
                take(TimelineBlock.ARRAY_BYTES + (long) length);
                name = in.readNBytes(length);
                if (name.length < length) {
                    throw new EOFException("a name of " + length + " bytes has " + name.length);
                }
            }
            return StoredMappings.of(start, end, offset, inode, major, minor, flags, name);
        }

        private static void check(boolean holds, String what) throws IOException {
            if (!holds) {
                throw new IOException(
                        "the timeline is damaged: it contains " + what + ": use another copy of the file");
            }
        }
    }
}
