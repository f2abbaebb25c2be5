package org.mapfiles.files;

import org.jspecify.annotations.Nullable;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.NativeMemory;

/**
 * Native memory for copies of mappings. Keeps one block for reuse, so that calls of one thread allocate nothing.
 * Thread-safe.
 */
final class MappingCopies {
    private final String use;
    private @Nullable NativeMemory spare;

    /** {@code use} names the memory in the exception, such as "a mapping of process 42". */
    MappingCopies(String use) {
        this.use = use;
    }

    /** Returns a native copy of a mapping with its name. */
    NativeMemory copy(Mapping mapping) throws NotEnoughMemoryException {
        NativeMemory copy = take();
        NativeMapping.copy(mapping, copy);
        return copy;
    }

    /** Returns memory for a copy: the memory that was given back last, or new memory if another thread uses that. */
    private NativeMemory take() throws NotEnoughMemoryException {
        NativeMemory copy;
        // not an AtomicReference: it would load a dozen more classes before the first snapshot of a JVM
        synchronized (this) {
            copy = spare;
            spare = null;
        }
        try {
            return copy != null ? copy : new NativeMemory(NativeMapping.COPY_SIZE);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException(use, e);
        }
    }

    /** Keeps the memory for the next call. */
    synchronized void giveBack(NativeMemory copy) {
        copy.keepUntilHere();
        spare = copy;
    }
}
