package org.mapfiles.events;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Event;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.RootAccess;

/**
 * A window on one event at a time of those that {@link MapEvents#drain} took out last: as a {@link Mapping}, the mapping as it
 * was then, and who made it when. Of all events but {@link MapEventKind#MAPPED} the mapping's numbers are 0.
 *
 * <p>Moving and reading allocate nothing, {@link #buildId()} and a {@link #name()} other than the last one apart. It belongs to
 * the thread that drains: the next {@link MapEvents#drain} goes before the first event again. Before the first {@link #next} and
 * behind the last event, reading throws {@link IndexOutOfBoundsException}.
 */
public final class MapEvent implements Mapping {
    private static final int BEFORE = -1;

    private final ByteBuffer bytes;
    private final ByteBuffer text;
    private final NameCache lastName = new NameCache();
    private int count;
    private int at = BEFORE;

    MapEvent(ByteBuffer bytes, ByteBuffer text) {
        this.bytes = bytes;
        this.text = text;
    }

    void show(int drained) {
        count = drained;
        at = BEFORE;
    }

    /** Goes to the next event; false if there is none, also when asked again. */
    public boolean next() {
        if (at + 1 >= count) {
            at = count;
            return false;
        }
        at++;
        return true;
    }

    /** Goes before the first event of the last drain. */
    public void reset() {
        at = BEFORE;
    }

    /** What has happened. */
    public MapEventKind what() {
        return MapEventKind.of(field32(Event.KIND));
    }

    /** When the kernel recorded it: nanoseconds as of {@link System#nanoTime()} of this JVM, also in a time namespace. */
    public long time() {
        return field64(Event.TIME);
    }

    /** The process; of {@link MapEventKind#FORKED} the new one. */
    public int pid() {
        return field32(Event.PID);
    }

    /** The thread that did it, or that has started or ended. */
    public int tid() {
        return field32(Event.TID);
    }

    @Override
    public long start() {
        return field64(MapRecord.START);
    }

    @Override
    public long end() {
        return field64(MapRecord.END);
    }

    @Override
    public long offset() {
        return field64(MapRecord.OFFSET);
    }

    /** As {@link Mapping#inode()}; 0 where the event has a build ID. */
    @Override
    public long inode() {
        return field64(MapRecord.INODE);
    }

    /** As {@link Mapping#deviceMajor()}; 0 where the event has a build ID. */
    @Override
    public int deviceMajor() {
        return field32(MapRecord.DEV_MAJOR);
    }

    /** As {@link Mapping#deviceMinor()}; 0 where the event has a build ID. */
    @Override
    public int deviceMinor() {
        return field32(MapRecord.DEV_MINOR);
    }

    @Override
    public int flags() {
        return field32(MapRecord.FLAGS);
    }

    /** 0, or -1 without a file: an event is about one file. */
    @Override
    public int fileIndex() {
        return field32(MapRecord.FILE_INDEX);
    }

    @Override
    public int nameLength() {
        return field32(MapRecord.NAME_LENGTH);
    }

    private int nameAt() {
        return field32(MapRecord.NAME_OFFSET);
    }

    @Override
    public int name(byte[] to, int from) {
        Objects.requireNonNull(to, "to");
        int length = nameLength();
        ByteSlices.copy(text, nameAt(), length, to, from);
        return length;
    }

    @Override
    public int name(ByteBuffer to) {
        Objects.requireNonNull(to, "to");
        int length = nameLength();
        ByteSlices.copy(text, nameAt(), length, to);
        to.position(to.position() + length);
        return length;
    }

    @Override
    public boolean nameEquals(byte[] name) {
        Objects.requireNonNull(name, "name");
        return ByteSlices.equal(text, nameAt(), nameLength(), name);
    }

    @Override
    public boolean nameStartsWith(byte[] prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return ByteSlices.begins(text, nameAt(), nameLength(), prefix);
    }

    @Override
    public String name() {
        int length = nameLength();
        return length == 0 ? null : lastName.name(0, text, nameAt(), length);
    }

    @Override
    public ImmutableMapping copy() {
        byte[] name = new byte[nameLength()];
        name(name, 0);
        return (ImmutableMapping) RootAccess.get().mapping(start(), end(), offset(), inode(), deviceMajor(), deviceMinor(),
                flags() | MapRecord.REPORTED, name);
    }

    /**
     * Copies the build ID of the mapped file.
     *
     * @return its length in bytes; 0 if it was not asked for, this kernel does not tell it (before Linux 5.12), or the file has
     *         none
     * @throws IndexOutOfBoundsException if it does not fit; 20 bytes are enough
     */
    public int buildId(byte[] to, int from) {
        Objects.requireNonNull(to, "to");
        int length = field32(Event.BUILD_ID_LENGTH);
        ByteSlices.copy(bytes, field(Event.BUILD_ID), length, to, from);
        return length;
    }

    /** The build ID in lower-case hexadecimal digits, or null where {@link #buildId(byte[], int)} answers 0. */
    public String buildId() {
        int length = field32(Event.BUILD_ID_LENGTH);
        return length == 0 ? null : HexFormat.of().formatHex(ByteSlices.copy(bytes, field(Event.BUILD_ID), length));
    }

    @Override
    public String toString() {
        return at < 0 || at >= count ? "no event" : what() + " by " + pid() + "/" + tid() + " at " + time() + ": "
                + (what() == MapEventKind.MAPPED ? copy() : name());
    }

    private int field(int offset) {
        return Objects.checkIndex(at, count) * Event.SIZE + offset;
    }

    private long field64(int offset) {
        return bytes.getLong(field(offset));
    }

    private int field32(int offset) {
        return bytes.getInt(field(offset));
    }
}
