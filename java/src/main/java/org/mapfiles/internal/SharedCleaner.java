package org.mapfiles.internal;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Releases the resources of unreachable objects. One thread serves all objects of the library. An instance is the
 * action that unmaps memory: a class of its own would be loaded with the first symbol, which takes a third of a
 * millisecond.
 */
public final class SharedCleaner implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();
    /**
     * The garbage collector does not count this memory, so unreachable memory may stay mapped for long. A JVM with a
     * small heap has little memory.
     */
    private static final long MAX_MAPPED =
            Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 4);
    /** Bytes that instances will unmap. */
    private static final AtomicLong MAPPED = new AtomicLong();

    private final long address;
    private final long bytes;

    private SharedCleaner(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Registers an action that runs once: when {@code clean()} is called on the result, or when the object is
     * unreachable.
     *
     * @param action must not refer to the object
     */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        return CLEANER.register(object, action);
    }

    /**
     * Unmaps memory of {@link NativeCalls#memoryMap} after an object is unreachable.
     *
     * @return false: too much memory would stay mapped, and nothing was registered
     */
    static boolean unmapAfter(Object object, long address, long bytes) {
        boolean isRegistered = false;
        try {
            if (MAPPED.addAndGet(bytes) <= MAX_MAPPED) {
                CLEANER.register(object, new SharedCleaner(address, bytes));
                isRegistered = true;
            }
        } finally {
            if (!isRegistered) {
                MAPPED.addAndGet(-bytes);
            }
        }
        return isRegistered;
    }

    /** Unmaps the memory. */
    @Override
    public void run() {
        NativeCalls.memoryUnmap(address, bytes);
        MAPPED.addAndGet(-bytes);
    }
}
