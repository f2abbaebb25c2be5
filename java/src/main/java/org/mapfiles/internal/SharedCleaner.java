package org.mapfiles.internal;

import java.lang.ref.Cleaner;

/** Releases the resources of unreachable objects. One thread serves all objects of the library. */
public final class SharedCleaner {
    private static final Cleaner CLEANER = Cleaner.create();

    private SharedCleaner() {}

    /**
     * Registers an action that runs once: when {@code clean()} is called on the result, or when the object is
     * unreachable.
     *
     * @param action must not refer to the object
     */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        return CLEANER.register(object, action);
    }
}
