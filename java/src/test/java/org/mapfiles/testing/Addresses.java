package org.mapfiles.testing;

import java.nio.ByteBuffer;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;

/** Addresses of direct buffers, as JNI returns them. */
public final class Addresses {
    private Addresses() {}

    public static long of(ByteBuffer buffer) {
        NativeLibrary.ensureLoaded();
        return NativeCalls.addressOf(buffer);
    }
}
