package org.mapfiles;

import org.mapfiles.MapRecord.Event;

/** The descriptors and rings of an open stream of events. A close also ends the wait of another thread. */
final class OpenStream extends Opened {
    private OpenStream(NativeMemory memory) {
        super(memory);
    }

    /** A closed stream with room for so many threads and CPUs. */
    static OpenStream of(int threads, int cpus) {
        long size = NativeCalls.eventsBytes(threads, cpus);
        if (size == 0) {
            throw new NativeMemory.TooLarge(threads + " threads on " + cpus + " CPUs");
        }
        OpenStream stream = new OpenStream(new NativeMemory((int) size));
        if (NativeCalls.eventsInit(stream.memory.address(), size, threads, cpus) != 0) {
            throw new IllegalStateException("the native core refuses its memory");
        }
        return stream;
    }

    int open(ProcessMaps maps, int what, int ringBytes, int wakeBytes) {
        int rc = maps.openEvents(what, ringBytes, wakeBytes, memory.address());
        memory.keepUntilHere();
        return opened(rc);
    }

    int neededThreads() {
        return memory.bytes().getInt(Event.STREAM_NEEDED_THREADS);
    }

    int neededCpus() {
        return memory.bytes().getInt(Event.STREAM_NEEDED_CPUS);
    }

    /** Ends the wait of another thread, or else the next one. Closed: nothing. */
    void wake() {
        if (mayEnter()) {
            NativeCalls.eventsWake(memory.address());
            leave();
        }
    }

    /** In its own turn, so that the descriptor to wake by is open; closed to others before, so that nobody waits again. */
    @Override
    public void run() {
        boolean entered = mayEnter();
        super.run();
        if (entered) {
            NativeCalls.eventsWake(memory.address());
            leave();
        }
    }

    @Override
    void release(long address) {
        NativeCalls.eventsClose(address);
    }

    @Override
    String name() {
        return "MapEvents";
    }
}
