package org.mapfiles.events;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Event;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.RootAccess;

/**
 * Iterates over the events of the last {@link MapEvents#drain}. As a {@link Mapping} it is the mapping at the time of
 * the event. The numbers of the mapping are 0 for all events but {@link Type#MAPPED}.
 *
 * <p>Moving and reading allocate nothing, except {@link #buildId()} and a {@link #name()} that differs from the last
 * one. The object belongs to the thread that drains. Each drain moves it before the first event. Before the first
 * {@link #next} and after the last event, reading throws {@link IndexOutOfBoundsException}.
 */
public final class MapEvent implements Mapping {
    /** What an event reports. */
    public enum Type {
        /** A mapping is new or has other permissions. It replaces all earlier mappings in its range. */
        MAPPED,
        /**
         * The process runs another program (execve(2)); all earlier mappings are removed. The name of the event is the
         * name of the program, cut to 15 bytes.
         */
        EXEC,
        /** A thread has started: {@link MapEvent#tid()}. */
        THREAD_STARTED,
        /** A thread has ended: {@link MapEvent#tid()}. After the last thread the process has exited. */
        THREAD_ENDED,
        /** The process has a new child: {@link MapEvent#pid()}. Events of the child are not reported. */
        FORKED;

        private static final Type[] BY_CODE = values(); // in the order of enum mf_event_kind

        static Type of(int code) {
            return BY_CODE[code];
        }
    }

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

    /**
     * Moves to the next event. After the last event, every call returns false.
     *
     * @return whether there is a next event
     */
    public boolean next() {
        if (at + 1 >= count) {
            at = count;
            return false;
        }
        at++;
        return true;
    }

    /** Moves before the first event of the last drain. */
    public void reset() {
        at = BEFORE;
    }

    /**
     * Returns what has happened.
     *
     * @return the type of the event
     */
    public Type type() {
        return Type.of(field32(Event.KIND));
    }

    /**
     * Returns the time at which the kernel recorded the event.
     *
     * @return nanoseconds as {@link System#nanoTime()} of this JVM, also in a time namespace
     */
    public long time() {
        return field64(Event.TIME);
    }

    /**
     * Returns the PID of the process; for {@link Type#FORKED}, of the child.
     *
     * @return in the PID namespace of the caller
     */
    public int pid() {
        return field32(Event.PID);
    }

    /**
     * Returns the number of the thread that made the change, or that has started or ended.
     *
     * @return in the PID namespace of the caller
     */
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

    /** Returns the inode number as {@link Mapping#inode()}; 0 if the event has a build ID. */
    @Override
    public long inode() {
        return field64(MapRecord.INODE);
    }

    /** Returns the major device number as {@link Mapping#deviceMajor()}; 0 if the event has a build ID. */
    @Override
    public int deviceMajor() {
        return field32(MapRecord.DEV_MAJOR);
    }

    /** Returns the minor device number as {@link Mapping#deviceMinor()}; 0 if the event has a build ID. */
    @Override
    public int deviceMinor() {
        return field32(MapRecord.DEV_MINOR);
    }

    @Override
    public int flags() {
        return field32(MapRecord.FLAGS);
    }

    /** Returns 0, or -1 without a file: the mapping belongs to no snapshot. */
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
    public @Nullable String name() {
        int length = nameLength();
        return length == 0 ? null : lastName.name(0, text, nameAt(), length);
    }

    @Override
    public ImmutableMapping copy() {
        byte[] name = new byte[nameLength()];
        name(name, 0);
        return (ImmutableMapping) RootAccess.get().mapping(this, flags() | MapRecord.REPORTED, name);
    }

    /**
     * Copies the build ID of the mapped file to an array.
     *
     * @param to receives the bytes; 20 are enough
     * @param from index in the array of the first byte
     * @return the length in bytes; 0 without {@link MapEvents.Option#BUILD_ID}, before Linux 5.12, or if the file has
     *     none
     * @throws IndexOutOfBoundsException if the build ID does not fit, or there is no event
     */
    public int buildId(byte[] to, int from) {
        Objects.requireNonNull(to, "to");
        int length = field32(Event.BUILD_ID_LENGTH);
        ByteSlices.copy(bytes, field(Event.BUILD_ID), length, to, from);
        return length;
    }

    /**
     * Returns the build ID of the mapped file in lower-case hexadecimal digits. Allocates it.
     *
     * @return empty if {@link #buildId(byte[], int)} returns 0
     */
    public Optional<String> buildId() {
        int length = field32(Event.BUILD_ID_LENGTH);
        return length == 0 ? Optional.empty() : Optional.of(ByteSlices.hex(bytes, field(Event.BUILD_ID), length));
    }

    @Override
    public String toString() {
        return at < 0 || at >= count
                ? "no event"
                : type() + " by " + pid() + "/" + tid() + " at " + time() + ": "
                        + (type() == Type.MAPPED ? copy() : name());
    }

    private int field(int offset) {
        if (at < 0 || at >= count) {
            throw new IndexOutOfBoundsException("there is no current event: drain(), then call next()");
        }
        return at * Event.SIZE + offset;
    }

    private long field64(int offset) {
        return bytes.getLong(field(offset));
    }

    private int field32(int offset) {
        return bytes.getInt(field(offset));
    }
}
