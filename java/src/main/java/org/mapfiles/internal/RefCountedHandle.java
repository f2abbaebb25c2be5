package org.mapfiles.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something that the native core opened into memory of its own, and the one rule that keeps it safe: it is closed by whoever
 * leaves last. A close that races with a call on another thread lets the call finish; a call after it is refused. No lock is
 * held meanwhile.
 */
public abstract class RefCountedHandle implements Runnable {
    private static final int CLOSED = 1 << 31;
    private static final int DONE = 1 << 30;

    public final NativeMemory memory;
    /** Calls under way; with {@link #CLOSED} set none may begin. */
    private final AtomicInteger users = new AtomicInteger(CLOSED | DONE);

    protected RefCountedHandle(NativeMemory memory) {
        this.memory = memory;
    }

    /** Closes what was opened. */
    protected abstract void release(long address);

    /** What callers know it as. */
    protected abstract String name();

    /** From now on there is something to close, if that was opened. */
    protected final int opened(int rc) {
        if (rc == 0) {
            users.set(0);
        }
        return rc;
    }

    /** Address of what is open, valid until {@link #leave()}. */
    public final long enter() {
        if (!mayEnter()) {
            throw new IllegalStateException("this " + name() + " is closed");
        }
        return memory.address();
    }

    /** Whether it is open, and stays so until {@link #leave()}. */
    public final boolean mayEnter() {
        if (users.getAndIncrement() < 0) {
            leave();
            return false;
        }
        return true;
    }

    public final void leave() {
        if (users.decrementAndGet() == CLOSED) {
            closeIfLast();
        }
    }

    /** Closes, now or when the last call under way ends. Again: nothing. */
    @Override
    public void run() {
        int before = users.get();
        while (before >= 0 && !users.compareAndSet(before, before | CLOSED)) {
            before = users.get();
        }
        if (before == 0) {
            closeIfLast();
        }
    }

    /** Of several that find the last call ended, one closes: a descriptor closed twice may be another file's by then. */
    private void closeIfLast() {
        if (users.compareAndSet(CLOSED, CLOSED | DONE)) {
            release(memory.address());
            memory.keepUntilHere();
        }
    }
}
