package org.mapfiles.internal;

/**
 * What {@code MapEvents} gives to the other packages of this module, and not to callers. It is set when that class is initialized. This
 * package is below that of events, and so names its types in the comments alone.
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

    /** Ends the wait of another thread for events of a {@code MapEvents}, or else the next wait. */
    public abstract void wake(Object events);

    /**
     * Takes all events out of a {@code MapEvents}, with no other thread in between.
     *
     * @return whether mappings have changed, or may have
     */
    public abstract boolean drainAllForChanges(Object events);
}
