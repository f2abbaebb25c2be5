package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;
import org.mapfiles.testing.ChildJvm;

/**
 * A JVM whose memory is used up: each method throws {@link NotEnoughMemoryException}, opens nothing, and works again
 * later.
 */
class LowMemoryTest {
    @Test
    void everyMethodFailsInOneWay() throws Exception {
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-XX:MaxDirectMemorySize=8m").run(LowMemoryMain.class);
        List<String> without = outcome.output()
                .lines()
                .filter(line -> line.startsWith("WITHOUT "))
                .collect(Collectors.toList());
        List<String> with = outcome.output()
                .lines()
                .filter(line -> line.startsWith("WITH "))
                .collect(Collectors.toList());
        assertThat(without)
                .as(outcome.output())
                .hasSize(12)
                .allMatch(line -> line.endsWith(" NotEnoughMemoryException of memory"));
        assertThat(outcome.output()).containsPattern("(?m)^OPENED 0$");
        assertThat(with)
                .as(outcome.output())
                .hasSize(12)
                .allMatch(line -> line.endsWith(" works") || line.startsWith("WITH MapEvents.open AccessRefused"));
    }

    @Test
    void theRemedyForWhatNoBufferHoldsIsNotMoreMemory() {
        NotEnoughMemoryException tooLarge =
                new NotEnoughMemoryException("a snapshot of process 42", NativeMemory.TooLarge.of("3 GiB of text"));
        assertThat(tooLarge.isTooLarge()).isTrue();
        assertThat(tooLarge)
                .hasMessageContaining("MapFilter")
                .hasMessageContaining("chunks()")
                .hasMessageNotContaining("MaxDirectMemorySize");
        NotEnoughMemoryException little =
                new NotEnoughMemoryException("a snapshot of process 42", new OutOfMemoryError("Java heap space"));
        assertThat(little.isTooLarge()).isFalse();
        assertThat(little).hasMessageContaining("-XX:MaxDirectMemorySize").hasMessageContaining("-Xmx");
        assertThat(new NotEnoughMemoryException(
                        "live mappings", new OutOfMemoryError("unable to create native thread")))
                .hasMessageContaining("ulimit -u")
                .hasMessageNotContaining("Xmx");
    }

    @Test
    void aSnapshotThatNoBufferHoldsIsTooLarge() {
        assertThatThrownBy(() -> new SnapshotBuffer(1 << 25, 1 << 20)).isInstanceOf(NativeMemory.TooLarge.class);
    }
}
