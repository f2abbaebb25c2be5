package org.mapfiles.events;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.EmptyHolder;

/** Without an event each method throws, and none returns uninitialised memory. */
class EmptyEventTest {
    @Test
    void holderWithoutAnEventThrows() throws Exception {
        Map<String, Object> answers = new HashMap<>();
        answers.put("next", false);
        answers.put("reset", null);
        answers.put("toString", "no event");
        EmptyHolder.check(new MapEvent(ByteBuffer.allocate(4096), ByteBuffer.allocate(4096)), answers);
    }
}
