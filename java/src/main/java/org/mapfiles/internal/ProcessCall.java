package org.mapfiles.internal;

import java.lang.ref.Reference;

/**
 * Keeps the descriptors of a process open during a native call. One object serves all calls of all threads, so a call
 * allocates nothing.
 *
 * <pre>{@code
 * try (ProcessCall call = calls.begin()) {
 *     return NativeCalls.fileState(call.process(), ...);
 * }
 * }</pre>
 */
public final class ProcessCall implements AutoCloseable {
    private final OpenProcess process;
    private final Object owner;

    /** {@code owner} is the object whose cleaner closes the descriptors. */
    public ProcessCall(OpenProcess process, Object owner) {
        this.process = process;
        this.owner = owner;
    }

    /** Begins a call. Throws {@link IllegalStateException} if the process is closed. */
    public ProcessCall begin() {
        process.enter();
        return this;
    }

    /** Returns the address of the native process. */
    public long process() {
        return process.memory.address();
    }

    /** Ends a call. */
    @Override
    public void close() {
        process.leave();
        Reference.reachabilityFence(owner); // otherwise the cleaner may close the descriptors during the call
    }
}
