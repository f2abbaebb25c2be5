package org.mapfiles.events;

import java.nio.ByteBuffer;

/** An event of zeros, as if one had been drained: for tests on machines where the kernel reports none. */
public final class DrainedEvent {
    private DrainedEvent() {
    }

    public static MapEvent ofZeros() {
        MapEvent event = new MapEvent(ByteBuffer.allocate(4096), ByteBuffer.allocate(4096));
        event.show(1);
        if (!event.next()) {
            throw new IllegalStateException("no event");
        }
        return event;
    }
}
