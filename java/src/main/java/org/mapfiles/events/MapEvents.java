package org.mapfiles.events;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.EventsAccess;
import org.mapfiles.internal.MapRecord.Event;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.internal.SharedCleaner;

/**
 * Streams new mappings and permission changes of a process from the kernel as they happen (perf_event_open(2)). Events
 * are in order of time. The process is neither queried nor stopped.
 *
 * <pre>{@code
 * try (MapEvents changes = MapEvents.open(maps)) {
 *     MapSnapshot snapshot = maps.snapshot();           // after open(): no change is missed in between
 *     MapEvent event = changes.event();
 *     while (goOn) {
 *         changes.await(1000);
 *         changes.drain();
 *         while (event.next()) {
 *             System.out.println(event);
 *         }
 *         if (changes.isIncomplete()) {
 *             maps.refresh(snapshot);
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>Reported:</b> each new mapping and each change of permissions by any thread of the process, with the whole
 * mapping as it is after the change; growth of heap and stack; the images of a new program.
 *
 * <p><b>Not reported:</b> munmap(2), mremap(2) and names of memory; renamed and deleted files. Without
 * {@link Option#DATA}, only mappings that are executable after the change are reported. So a reported mapping may be
 * unmapped already: {@link ProcessMaps#query} or a snapshot shows that.
 *
 * <p>The kernel ends the events at the execve(2) of a set-user-ID program, and of a program without read permission.
 * The next drain attaches to the process again and sets {@link #isIncomplete()}. If the kernel denies that, the drain
 * sets {@link #isThreadUnwatched()}. Before Linux 5.3 this is not detected.
 *
 * <p>Changes on a CPU that was offline at {@link #open(ProcessMaps, Option...)} are not reported. On machines that add
 * CPUs, open another stream when their number has grown.
 *
 * <p><b>Cost:</b> one descriptor for each existing thread and CPU (the highest 16th of {@code ulimit -n} is left free),
 * one ring of locked memory for each CPU, and less than a microsecond of the process for each change. Without changes
 * there is no cost.
 *
 * <p>One thread at a time drains, waits and reads: another one gets an {@link IllegalStateException}. Any thread may
 * {@link #close}: a wait then returns false. After a close, {@link #await} and {@link #drain} throw
 * {@link IllegalStateException}; drained events stay readable. In steady state nothing allocates. Without a close, the
 * garbage collector frees all resources.
 */
public final class MapEvents implements AutoCloseable {
    /** Default size of the ring of each CPU, in bytes. It holds about 500 changes between two drains. */
    public static final int RING_BYTES = 64 * 1024;

    private static final int MIN_RING_BYTES = 16 * 1024;
    private static final int MAX_RING_BYTES = 1 << 30;
    private static final int EVENTS = 512;
    private static final int TEXT_BYTES = 16 * QueryResult.NAME_MAX;
    private static final int FIRST_THREADS = 64;
    private static final int MEMORY_BYTES = Event.DRAINED_SIZE + EVENTS * Event.SIZE + TEXT_BYTES;

    /** Options of a stream: which changes are reported, and when. */
    public enum Option {
        /** Reports mappings that are not executable, too. */
        DATA,
        /**
         * Reports the build ID of ELF files in place of device and inode. Linux 5.12+; before, the option has no
         * effect.
         */
        BUILD_ID,
        /**
         * {@link MapEvents#await} returns at the first change. Without this it returns when half a ring is full. Each
         * change then wakes a CPU, which can take several times as long as the mmap(2) of the process.
         */
        IMMEDIATE_WAKEUP
    }

    static {
        EventsAccess.set(new EventsAccess() {
            @Override
            public void wake(Object events) {
                ((MapEvents) events).wake();
            }

            @Override
            public boolean drainAllForChanges(Object events) {
                return ((MapEvents) events).drainAllForChanges();
            }

            @Override
            public int pidAtProc(Object events) {
                return ((MapEvents) events).pidAtProc;
            }
        });
    }

    private final OpenEvents stream;
    private final Cleaner.Cleanable cleanable;
    private final String process;
    /** The PID in /proc; 0: unknown. */
    private final int pidAtProc;

    private final NativeMemory memory;
    private final ByteBuffer drained;
    private final MapEvent event;
    private final AtomicInteger busy = new AtomicInteger();

    private MapEvents(OpenEvents stream, NativeMemory memory, String process, int pidAtProc) {
        this.stream = stream;
        this.memory = memory;
        this.process = process;
        this.pidAtProc = pidAtProc;
        drained = memory.bytes();
        event = new MapEvent(
                memory.slice(Event.DRAINED_SIZE, EVENTS * Event.SIZE),
                memory.slice(Event.DRAINED_SIZE + EVENTS * Event.SIZE, TEXT_BYTES));
        this.cleanable = SharedCleaner.register(this, stream);
    }

    /**
     * Opens a stream of events of a process, with rings of {@link #RING_BYTES}.
     *
     * @param maps the process; may be closed afterwards
     * @param options which changes are reported, and when
     * @return a stream, to be closed by the caller
     * @throws org.mapfiles.PermissionDeniedException if the kernel denies it; reasons and message contain the missing
     *     permission
     * @throws MapsException as {@link #open(ProcessMaps, int, Option...)}
     */
    public static MapEvents open(ProcessMaps maps, Option... options) throws MapsException {
        return open(maps, RING_BYTES, options);
    }

    /**
     * Opens a stream of events of a process. All changes from now on are reported, or {@link #isIncomplete()} returns
     * true. Allocates.
     *
     * @param maps the process; may be closed afterwards
     * @param ringBytes size of the ring of each CPU: a power of two from 16 KiB to 1 GiB, at least one memory page. A
     *     change takes 104 bytes and the path
     * @param options which changes are reported, and when
     * @return a stream, to be closed by the caller
     * @throws IllegalArgumentException if the size is not a power of two from 16 KiB to 1 GiB
     * @throws org.mapfiles.PermissionDeniedException if the kernel denies it; reasons and message contain the missing
     *     permission
     * @throws org.mapfiles.NotSupportedException if the kernel has no perf events, if the process was opened in the
     *     proc file system of another PID namespace, or if this process called unshare(CLONE_NEWTIME) inside a time
     *     namespace
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little direct memory
     * @throws MapsException if there are too few descriptors or too little memory of the kernel, or if threads start
     *     and end faster than they can be listed. Another attempt may succeed; {@link ProcessMaps#refresh} needs no
     *     events
     */
    public static MapEvents open(ProcessMaps maps, int ringBytes, Option... options) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(options, "options");
        if (ringBytes < MIN_RING_BYTES || ringBytes > MAX_RING_BYTES || Integer.bitCount(ringBytes) != 1) {
            throw new IllegalArgumentException("ringBytes is not a power of two from 16 KiB to 1 GiB: " + ringBytes);
        }
        int bits = 0;
        int wakeBytes = 0;
        for (Option option : options) {
            Objects.requireNonNull(option, "an option");
            bits |= option == Option.DATA ? Event.ALL : option == Option.BUILD_ID ? Event.BUILD_IDS : 0;
            wakeBytes |= option == Option.IMMEDIATE_WAKEUP ? 1 : 0;
        }
        try {
            return open(maps, bits, ringBytes, wakeBytes);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("events of process " + maps.pid(), e);
        }
    }

    private static MapEvents open(ProcessMaps maps, int bits, int ringBytes, int wakeBytes) throws MapsException {
        int threads = FIRST_THREADS;
        int cpus = Runtime.getRuntime().availableProcessors();
        // before the stream: if there is no memory, no descriptor is opened
        NativeMemory memory = new NativeMemory(MEMORY_BYTES);
        for (; ; ) {
            OpenEvents stream = OpenEvents.of(threads, cpus);
            int rc = stream.open(maps, bits, ringBytes, wakeBytes);
            if (rc == 0) {
                return new MapEvents(
                        stream,
                        memory,
                        "process " + maps.pid(),
                        RootAccess.get().pidAtProc(maps));
            }
            if (rc != Errno.ENOBUFS) {
                throw EventsExceptions.ofStream(
                        rc,
                        "process " + maps.pid(),
                        maps.pid(),
                        (long) stream.neededThreads() * stream.neededCpus() + 3);
            }
            threads = Math.max(threads, stream.neededThreads() + stream.neededThreads() / 4 + FIRST_THREADS);
            cpus = Math.max(cpus, stream.neededCpus());
        }
    }

    /**
     * Waits until half a ring is full, or until the first event with {@link Option#IMMEDIATE_WAKEUP}.
     *
     * @param millis maximum time in milliseconds; 0: does not wait; -1: no maximum
     * @return whether there are events to drain; false after the time, a {@link #close} or a signal, and after the
     *     process of the caller was stopped or frozen
     * @throws IllegalArgumentException if the time is below -1
     * @throws org.mapfiles.ProcessExitedException if the process has exited and all its events are drained (Linux 5.3+;
     *     before, false is returned)
     * @throws IllegalStateException if this is closed, or another thread drains or waits
     * @throws MapsException if the kernel reports another error
     */
    public boolean await(int millis) throws MapsException {
        if (millis < -1) {
            throw new IllegalArgumentException(
                    "not a time in milliseconds: " + millis + ": pass 0 or more, or -1 for no maximum");
        }
        begin();
        try {
            int rc = waitFor(millis);
            if (rc < 0) {
                throw EventsExceptions.ofProcess(rc, process, 0);
            }
            return rc > 0;
        } finally {
            end();
        }
    }

    private int waitFor(int millis) {
        long opened = stream.enter();
        try {
            return NativeCalls.eventsWait(opened, millis);
        } finally {
            stream.leave();
        }
    }

    /** Ends the wait of another thread, or the next wait, with false. */
    void wake() {
        stream.wake();
        Reference.reachabilityFence(this);
    }

    /**
     * Takes up to 512 events out of the rings, in order of time. They replace the events of the drain before. Does not
     * wait. Makes system calls only to attach to threads that are not watched yet.
     *
     * @return the number of events, 0 to 512; {@link #event()} iterates over them
     * @throws IllegalStateException if this is closed, or another thread drains or waits
     */
    public int drain() {
        begin();
        try {
            int count = drainRings();
            event.show(count);
            return count;
        } finally {
            end();
        }
    }

    /**
     * Drains all events until now, without another thread in between. Later events are left, since a busy process may
     * add them faster than they are read.
     *
     * @return whether mappings have changed or may have changed
     */
    boolean drainAllForChanges() {
        begin();
        try {
            boolean changed = false;
            long now = System.nanoTime();
            long last = Long.MIN_VALUE;
            do {
                event.show(drainRings());
                changed |= isIncomplete();
                while (event.next()) {
                    last = event.time();
                    changed |= event.type() == MapEvent.Type.MAPPED || event.type() == MapEvent.Type.EXEC;
                }
            } while (hasMore() && last <= now);
            return changed;
        } finally {
            end();
        }
    }

    private int drainRings() {
        long opened = stream.enter();
        try {
            long events = memory.address() + Event.DRAINED_SIZE;
            return NativeCalls.eventsDrain(
                    opened, events, EVENTS, events + (long) EVENTS * Event.SIZE, TEXT_BYTES, memory.address());
        } finally {
            memory.keepUntilHere();
            stream.leave();
        }
    }

    private void begin() {
        if (!busy.compareAndSet(0, 1)) {
            throw new IllegalStateException("another thread is draining or waiting: use one thread at a time");
        }
    }

    private void end() {
        busy.set(0);
        Reference.reachabilityFence(this); // otherwise the cleaner may close the stream during the call
    }

    /**
     * Returns the cursor over the events of the last drain.
     *
     * @return always the same object
     */
    public MapEvent event() {
        return event;
    }

    /**
     * Returns whether the last drain left events for the next drain.
     *
     * @return whether there are more events
     */
    public boolean hasMore() {
        return drained.getInt(Event.DRAINED_MORE) != 0;
    }

    /**
     * Returns the number of lost events that the last drain counted: the kernel could not write them, because a ring
     * was full. The kernel reports a loss with the next event that it can write, so a later drain may count it.
     *
     * @return 0 or more
     */
    public long lost() {
        return drained.getLong(Event.DRAINED_LOST);
    }

    /**
     * Returns whether events may be missing, by the last drain: events were lost or may have been lost, a thread
     * started during {@link #open(ProcessMaps, Option...)}, or the process runs a program with other permissions. Then
     * refresh a snapshot.
     *
     * @return whether events may be missing
     */
    public boolean isIncomplete() {
        return lost() != 0
                || drained.getInt(Event.DRAINED_INCOMPLETE) != 0
                || drained.getInt(Event.DRAINED_UNWATCHED_THREADS) != 0;
    }

    /**
     * Returns whether a thread is not watched, by the last drain: there are too few descriptors, or the kernel denies
     * access to the new program of the process. Close this and open another stream; {@link #open(ProcessMaps,
     * Option...)} throws the cause.
     *
     * @return whether events of a thread are missing
     */
    public boolean isThreadUnwatched() {
        return drained.getInt(Event.DRAINED_UNWATCHED_THREADS) != 0;
    }

    /**
     * Closes descriptors and rings, now or when the active call of another thread returns. A second close does nothing.
     */
    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "MapEvents[" + process + "]";
    }
}
