package org.mapfiles.internal;

/**
 * Access for the other packages of this module to internals of {@code MapEvents}. The static initializer of that class
 * sets it. This package is below the package of events, so its types appear only in comments.
 */
public abstract class EventsAccess {
    private static volatile EventsAccess instance;

    /** Returns the access. {@code MapEvents} must have been initialized. */
    public static EventsAccess get() {
        return instance;
    }

    /** Sets the access. */
    public static void set(EventsAccess access) {
        instance = access;
    }

    /** Ends the wait of another thread for events of a {@code MapEvents}, or the next wait. */
    public abstract void wake(Object events);

    /**
     * Drains all events of a {@code MapEvents}, without another thread in between.
     *
     * @return whether mappings have changed or may have changed
     */
    public abstract boolean drainAllForChanges(Object events);
}
