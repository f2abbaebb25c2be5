package org.mapfiles.testing;

import java.nio.ByteBuffer;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;

/** Where direct buffers are, as JNI tells. */
public final class Addresses {
    private Addresses() {
    }

    public static long of(ByteBuffer buffer) {
        NativeLibrary.ensureLoaded();
        return NativeCalls.addressOf(buffer);
    }
}
