package org.mapfiles.internal;

import java.lang.ref.Cleaner;

/** Releases what an object holds once the object is unreachable. One thread serves all objects of the library. */
public final class SharedCleaner {
    private static final Cleaner CLEANER = Cleaner.create();

    private SharedCleaner() {
    }

    /**
     * Runs an action once, when the result is cleaned or the object is unreachable.
     *
     * @param action must not refer to the object
     */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        return CLEANER.register(object, action);
    }
}
