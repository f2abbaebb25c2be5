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

    /** Returns the PID in /proc of the process of a {@code MapEvents}; 0: unknown. */
    public abstract int pidAtProc(Object events);

    /**
     * Checks the events that a caller passes for the process of a {@code ProcessMaps}.
     *
     * @throws IllegalArgumentException if they are known to be of another process
     */
    public final void requireSameProcess(Object events, Object maps) {
        int of = pidAtProc(events);
        int pid = RootAccess.get().pidAtProc(maps);
        if (of > 0 && pid > 0 && of != pid) {
            throw new IllegalArgumentException("the events are of process " + of + ", not of process " + pid
                    + ": open them with the same ProcessMaps");
        }
    }
}
