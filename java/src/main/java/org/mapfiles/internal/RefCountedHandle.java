package org.mapfiles.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A native object that is closed when the last active call returns. A close during a call of another thread lets that
 * call finish. A call after the close throws {@link IllegalStateException}. Thread-safe; takes no lock.
 */
public abstract class RefCountedHandle implements Runnable {
    private static final int CLOSED = 1 << 31;
    private static final int DONE = 1 << 30;

    public final NativeMemory memory;
    /** Number of active calls. If {@link #CLOSED} is set, no call may begin. */
    private final AtomicInteger users = new AtomicInteger(CLOSED | DONE);

    protected RefCountedHandle(NativeMemory memory) {
        this.memory = memory;
    }

    /** Closes the native object. */
    protected abstract void release(long address);

    /** Returns the name of the public type, for messages. */
    protected abstract String name();

    /** Allows calls if the open succeeded; returns its result. */
    protected final int opened(int rc) {
        if (rc == 0) {
            users.set(0);
        }
        return rc;
    }

    /**
     * Begins a call; returns the address of the native object, which is valid until {@link #leave()}. Throws if it is
     * closed.
     */
    public final long enter() {
        if (!mayEnter()) {
            throw new IllegalStateException("this " + name() + " is closed: open another");
        }
        return memory.address();
    }

    /** Begins a call and returns true if the object is open: it stays open until {@link #leave()}. */
    public final boolean mayEnter() {
        if (users.getAndIncrement() < 0) {
            leave();
            return false;
        }
        return true;
    }

    /** Ends a call. */
    public final void leave() {
        if (users.decrementAndGet() == CLOSED) {
            closeIfLast();
        }
    }

    /** Closes the object, now or when the last active call ends. A second close does nothing. */
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

    /**
     * Closes the object once, even if several threads call this: a descriptor that is closed twice may belong to
     * another file by then.
     */
    private void closeIfLast() {
        if (users.compareAndSet(CLOSED, CLOSED | DONE)) {
            release(memory.address());
            memory.keepUntilHere();
        }
    }
}
