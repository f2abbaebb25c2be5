package org.mapfiles.events;

import java.lang.ref.Reference;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.MapRecord.Event;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RefCountedHandle;
import org.mapfiles.internal.RootAccess;

/** The descriptors and rings of an open stream of events. A close ends the wait of another thread. */
final class OpenEvents extends RefCountedHandle {
    private OpenEvents(NativeMemory memory) {
        super(memory);
    }

    /** Returns a closed stream with a capacity of threads and CPUs. */
    static OpenEvents of(int threads, int cpus) {
        long size = NativeCalls.eventsBytes(threads, cpus);
        if (size == 0) {
            throw NativeMemory.TooLarge.of(threads + " threads on " + cpus + " CPUs");
        }
        OpenEvents stream = new OpenEvents(new NativeMemory((int) size));
        if (NativeCalls.eventsInit(stream.memory.address(), size, threads, cpus) != 0) {
            throw new IllegalStateException(
                    "the native core rejects the memory of " + threads + " threads and " + cpus + " CPUs");
        }
        return stream;
    }

    int open(ProcessMaps maps, int options, int ringBytes, int wakeBytes) {
        OpenProcess process = RootAccess.get().process(maps);
        long address = process.enter();
        try {
            return opened(NativeCalls.eventsOpen(address, options, ringBytes, wakeBytes, memory.address()));
        } finally {
            process.leave();
            memory.keepUntilHere();
            Reference.reachabilityFence(maps); // otherwise the cleaner may close the process during the call
        }
    }

    int neededThreads() {
        return memory.bytes().getInt(Event.STREAM_NEEDED_THREADS);
    }

    int neededCpus() {
        return memory.bytes().getInt(Event.STREAM_NEEDED_CPUS);
    }

    /** Ends the wait of another thread, or the next wait. Does nothing if the stream is closed. */
    void wake() {
        if (mayEnter()) {
            NativeCalls.eventsWake(memory.address());
            leave();
        }
    }

    /**
     * Closes the stream and wakes the waiting thread. It enters first, so that the wake descriptor stays open until
     * then.
     */
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
    protected void release(long address) {
        NativeCalls.eventsClose(address);
    }

    @Override
    protected String name() {
        return "MapEvents";
    }
}
