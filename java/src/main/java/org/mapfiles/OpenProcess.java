package org.mapfiles;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The descriptors of an open process, and the one rule that keeps them safe: they are closed by whoever leaves last. A close
 * that races with a read on another thread lets the read finish; a read after it is refused. No lock is held meanwhile.
 */
final class OpenProcess implements Runnable {
    private static final int CLOSED = 1 << 31;
    private static final int DONE = 1 << 30;

    private final NativeMemory memory = new NativeMemory(MapRecord.PROCESS_SIZE);
    /** Calls under way; with {@link #CLOSED} set none may begin. */
    private final AtomicInteger users = new AtomicInteger(CLOSED | DONE);

    int openSelf() {
        return opened(NativeCalls.openSelf(memory.address()));
    }

    int openPid(int pid) {
        return opened(NativeCalls.openPid(pid, memory.address()));
    }

    int openPidfd(int pidfd) {
        return opened(NativeCalls.openPidfd(pidfd, memory.address()));
    }

    int openDirectory(int descriptor) {
        return opened(NativeCalls.openDirectory(descriptor, memory.address()));
    }

    /** From now on there is something to close, if that was opened. */
    private int opened(int rc) {
        if (rc == 0) {
            users.set(0);
        }
        return rc;
    }

    /** As /proc calls it; of a process that was refused, too. */
    int pid() {
        int pid = NativeCalls.pidOf(memory.address());
        memory.keepUntilHere();
        return pid;
    }

    /** Address of the native process, valid until {@link #leave()}. */
    long enter() {
        if (users.getAndIncrement() < 0) {
            leave();
            throw new IllegalStateException("this ProcessMaps is closed");
        }
        return memory.address();
    }

    void leave() {
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
            NativeCalls.close(memory.address());
            memory.keepUntilHere();
        }
    }
}
