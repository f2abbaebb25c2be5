package org.mapfiles.internal;

/** A check of pipes that Java has no method for. */
public final class Pipes {
    private Pipes() {}

    /**
     * Returns whether a descriptor is the writing end of a pipe or FIFO that has no reader any more. Writes nothing.
     */
    public static boolean isReaderGone(int descriptor) {
        NativeLibrary.ensureLoaded();
        return NativeCalls.isReaderGone(descriptor);
    }
}
