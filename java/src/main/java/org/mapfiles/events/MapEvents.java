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
import org.mapfiles.internal.MapRecord.Answer;
import org.mapfiles.internal.MapRecord.Event;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SharedCleaner;

/**
 * The changes that a process makes to its mappings, pushed by the kernel as they happen (perf_event_open(2)): each with its
 * time, in order, without asking the process or stopping it.
 *
 * <pre>{@code
 * try (MapEvents changes = MapEvents.open(maps)) {
 *     MapSnapshot snapshot = maps.snapshot();           // behind the open: nothing falls between the two
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
 * <p><b>What is told:</b> each new mapping and each change of permissions, with the whole mapping as it is then, by any thread of
 * the process, now and to come; growth of heap and stack; the images of a new program. <b>What is not:</b> that memory is
 * unmapped, moved (mremap(2)) or given a name, and files renamed or deleted. Unless {@link Option#DATA} is given, only mappings
 * that are executable then are told: that one ceases to be executable is not. So a mapping that was told may be gone:
 * {@link ProcessMaps#query} and a snapshot know.
 *
 * <p>At the execve(2) of a program that runs set-user-ID, or may be executed and not read, the kernel ceases to tell. The process is
 * then watched anew and {@link #isIncomplete()}; or {@link #isThreadUnwatched()}, if this process may not look at that program
 * (before Linux 5.3 nothing says so).
 *
 * <p>What is done on a CPU that was switched off when this was opened, and is switched on later, is not told either: a program that
 * runs where CPUs come and go opens anew when their number has grown.
 *
 * <p><b>Cost:</b> a descriptor for each thread that exists and each CPU (the highest 16th of {@code ulimit -n} is left to others), a ring of locked memory for each CPU, and under a
 * microsecond for the process at each change. While nothing changes nothing runs, here or there.
 *
 * <p>One thread at a time drains, waits and reads: two at once throw {@link IllegalStateException}. Any thread may
 * {@link #close}: a wait then ends with false. After that every method but those that read what was drained throws
 * {@link IllegalStateException}. In steady state nothing allocates. Without a close, the garbage collector gives all back.
 */
public final class MapEvents implements AutoCloseable {
    /** Bytes of a CPU's ring where nothing else is asked for: some 500 changes between two drains. */
    public static final int RING_BYTES = 64 * 1024;

    private static final int MIN_RING_BYTES = 16 * 1024;
    private static final int MAX_RING_BYTES = 1 << 30;
    private static final int EVENTS = 512;
    private static final int TEXT_BYTES = 16 * Answer.NAME_MAX;
    private static final int FIRST_THREADS = 64;
    private static final int MEMORY_BYTES = Event.DRAINED_SIZE + EVENTS * Event.SIZE + TEXT_BYTES;

    /** What shall be told, and when. */
    public enum Option {
        /** Mappings that are not executable, too. */
        DATA,
        /** Of ELF files the build ID, in place of device and inode. Linux 5.12+; before, as if it was not given. */
        BUILD_ID,
        /**
         * {@link MapEvents#await} returns with the first change, not with half a ring of them. Each change then wakes a CPU, which
         * can cost the process several times its mmap(2).
         */
        AT_ONCE
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
        });
    }

    private final OpenEvents stream;
    private final Cleaner.Cleanable cleanable;
    private final String process;
    private final NativeMemory memory;
    private final ByteBuffer drained;
    private final MapEvent event;
    private final AtomicInteger busy = new AtomicInteger();

    private MapEvents(OpenEvents stream, NativeMemory memory, String process) {
        this.stream = stream;
        this.memory = memory;
        this.process = process;
        drained = memory.bytes();
        event = new MapEvent(memory.slice(Event.DRAINED_SIZE, EVENTS * Event.SIZE),
                memory.slice(Event.DRAINED_SIZE + EVENTS * Event.SIZE, TEXT_BYTES));
        this.cleanable = SharedCleaner.register(this, stream);
    }

    /** Begins to watch a process, with rings of {@link #RING_BYTES}. */
    public static MapEvents open(ProcessMaps maps, Option... options) throws MapsException {
        return open(maps, RING_BYTES, options);
    }

    /**
     * Begins to watch a process. What it changes from now on is told, or {@link #isIncomplete()} says that something is missing.
     *
     * @param maps may be closed afterwards
     * @param ringBytes of each CPU: a power of two from 16 KiB to 1 GiB, of which a memory page is taken at least. A change takes 104
     *     bytes and the path.
     * @throws org.mapfiles.PermissionDeniedException if the kernel does not allow it: its reasons and its message say what is missing
     * @throws org.mapfiles.NotSupportedException if the kernel has no perf events, the process is of another pid namespace, or this process has made
     *     a time namespace for its children while it is in one
     * @throws org.mapfiles.ProcessExitedException if the process has ended
     * @throws NotEnoughMemoryException if this JVM has too little direct memory
     * @throws MapsException if it takes more file descriptors or memory than there are, or if threads are made and end faster than
     *     they can be listed. Another attempt may succeed. Until then, {@link ProcessMaps#refresh} polls
     * @throws IllegalArgumentException if the size is none of those
     */
    public static MapEvents open(ProcessMaps maps, int ringBytes, Option... options) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(options, "options");
        if (ringBytes < MIN_RING_BYTES || ringBytes > MAX_RING_BYTES || Integer.bitCount(ringBytes) != 1) {
            throw new IllegalArgumentException("not a power of two from 16 KiB to 1 GiB: " + ringBytes);
        }
        int what = 0;
        int wakeBytes = 0;
        for (Option option : options) {
            Objects.requireNonNull(option, "an option");
            what |= option == Option.DATA ? Event.ALL : option == Option.BUILD_ID ? Event.BUILD_IDS : 0;
            wakeBytes |= option == Option.AT_ONCE ? 1 : 0;
        }
        try {
            return open(maps, what, ringBytes, wakeBytes);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("events of process " + maps.pid(), e);
        }
    }

    private static MapEvents open(ProcessMaps maps, int what, int ringBytes, int wakeBytes) throws MapsException {
        int threads = FIRST_THREADS;
        int cpus = Runtime.getRuntime().availableProcessors();
        NativeMemory memory = new NativeMemory(MEMORY_BYTES); // first: without memory for it, no descriptor is opened
        for (;;) {
            OpenEvents stream = OpenEvents.of(threads, cpus);
            int rc = stream.open(maps, what, ringBytes, wakeBytes);
            if (rc == 0) {
                return new MapEvents(stream, memory, "process " + maps.pid());
            }
            if (rc != Errno.ENOBUFS) {
                throw EventsExceptions.ofStream(rc, "process " + maps.pid(), maps.pid(),
                        (long) stream.neededThreads() * stream.neededCpus() + 3);
            }
            threads = Math.max(threads, stream.neededThreads() + stream.neededThreads() / 4 + FIRST_THREADS);
            cpus = Math.max(cpus, stream.neededCpus());
        }
    }

    /**
     * Waits until there is something to drain: see {@link Option#AT_ONCE}.
     *
     * @param millis 0: looks only; -1: for ever
     * @return whether there is; false after that time, a {@link #close}, or a signal
     * @throws org.mapfiles.ProcessExitedException if the process has ended, and all it did is drained (Linux 5.3+; before, false)
     */
    public boolean await(int millis) throws MapsException {
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

    /** Ends the wait of another thread, or else the next one, with false. */
    void wake() {
        stream.wake();
        Reference.reachabilityFence(this);
    }

    /**
     * Takes out what the kernel has told since the last drain, up to 512 events, in order of time; what was taken out
     * before is gone. Without waiting and, unless threads or programs have to be watched anew, without a system call.
     *
     * @return number of events: {@link #event()} walks them
     */
    public int drain() {
        begin();
        try {
            int count = takeOut();
            event.show(count);
            return count;
        } finally {
            end();
        }
    }

    /**
     * Takes out all events of the time until now, with no other thread in between. A busy process may add more faster than they are read.
     *
     * @return whether mappings have changed, or may have
     */
    boolean drainAllForChanges() {
        begin();
        try {
            boolean changed = false;
            long now = System.nanoTime();
            long last = Long.MIN_VALUE;
            do {
                event.show(takeOut());
                changed |= isIncomplete();
                while (event.next()) {
                    last = event.time();
                    changed |= event.what() == MapEventKind.MAPPED || event.what() == MapEventKind.EXECUTED;
                }
            } while (hasMore() && last <= now);
            return changed;
        } finally {
            end();
        }
    }

    private int takeOut() {
        long opened = stream.enter();
        try {
            long events = memory.address() + Event.DRAINED_SIZE;
            return NativeCalls.eventsDrain(opened, events, EVENTS, events + (long) EVENTS * Event.SIZE, TEXT_BYTES, memory.address());
        } finally {
            memory.keepUntilHere();
            stream.leave();
        }
    }

    private void begin() {
        if (!busy.compareAndSet(0, 1)) {
            throw new IllegalStateException("another thread is draining or waiting: one at a time");
        }
    }

    private void end() {
        busy.set(0);
        Reference.reachabilityFence(this); // else the cleaner may close what this call is using
    }

    /** The one cursor over what was drained. */
    public MapEvent event() {
        return event;
    }

    /** Whether the last drain left something behind for the next one. */
    public boolean hasMore() {
        return drained.getInt(Event.DRAINED_MORE) != 0;
    }

    /** Changes that the kernel could not tell, as the last drain learned: rings were full. */
    public long lost() {
        return drained.getLong(Event.DRAINED_LOST);
    }

    /**
     * Whether something may be missing by the last drain: changes were lost, or a ring was so full that they may have been, a
     * thread was found that was made while this was opened, or the process has become a program with other rights. A new snapshot
     * then tells what is.
     */
    public boolean isIncomplete() {
        return lost() != 0 || drained.getInt(Event.DRAINED_INCOMPLETE) != 0 || drained.getInt(Event.DRAINED_UNWATCHED_THREADS) != 0;
    }

    /**
     * Whether, by the last drain, a thread could not be watched for want of descriptors, or because the process has become a program
     * that this one may not look at: open anew, which throws what is the matter.
     */
    public boolean isThreadUnwatched() {
        return drained.getInt(Event.DRAINED_UNWATCHED_THREADS) != 0;
    }

    /** Gives descriptors and rings back, now or when the call under way on another thread ends. Again: nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    @Override
    public String toString() {
        return "MapEvents[" + process + "]";
    }
}
