package org.mapfiles;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongUnaryOperator;

/**
 * The descriptors of an open process, and the one rule that keeps them safe: they are closed by whoever leaves last. A close
 * that races with a read on another thread lets the read finish; a read after it is refused. No lock is held meanwhile.
 */
final class OpenProcess implements Runnable {
    private static final int CLOSED = 1 << 31;
    private static final int DONE = 1 << 30;
    private static final VarHandle USERS;

    static {
        try {
            USERS = MethodHandles.lookup().findVarHandle(OpenProcess.class, "users", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NativeMemory memory = new NativeMemory(MapRecord.PROCESS_SIZE);
    /** Calls under way; with {@link #CLOSED} set none may begin. */
    private volatile int users;

    /** Opens by a native function that fills memory; 0 or a negative errno. */
    int open(LongUnaryOperator opener) {
        int rc = (int) opener.applyAsLong(memory.address());
        if (rc != 0) {
            users = CLOSED | DONE; // there is nothing to close
        }
        return rc;
    }

    /** Address of the native process, valid until {@link #leave()}. */
    long enter() {
        if ((int) USERS.getAndAdd(this, 1) < 0) {
            leave();
            throw new IllegalStateException("this ProcessMaps is closed");
        }
        return memory.address();
    }

    void leave() {
        if ((int) USERS.getAndAdd(this, -1) - 1 == CLOSED) {
            closeIfLast();
        }
    }

    /** Closes, now or when the last call under way ends. Again: nothing. */
    @Override
    public void run() {
        if ((int) USERS.getAndBitwiseOr(this, CLOSED) == 0) {
            closeIfLast();
        }
    }

    /** Of several that find the last call ended, one closes: a descriptor closed twice may be another file's by then. */
    private void closeIfLast() {
        if (USERS.compareAndSet(this, CLOSED, CLOSED | DONE)) {
            NativeCalls.close(memory.address());
            memory.keepUntilHere();
        }
    }
}
