package org.mapfiles.events;

import java.nio.ByteBuffer;

/** An event whose fields are zero, as if it had been drained: for machines whose kernel reports no events. */
public final class DrainedEvent {
    private DrainedEvent() {}

    public static MapEvent ofZeros() {
        MapEvent event = new MapEvent(ByteBuffer.allocate(4096), ByteBuffer.allocate(4096));
        event.show(1);
        if (!event.next()) {
            throw new IllegalStateException("no event");
        }
        return event;
    }
}
