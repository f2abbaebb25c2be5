package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapfiles.internal.Errno;

/** The message of each errno of the core names the resource that is missing. */
class ErrorMessagesTest {
    @Test
    void missingDescriptorsAndMemoryAreNamed() {
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            String remedy = errno == Errno.EMFILE ? "ulimit -n" : errno == Errno.ENFILE ? "fs.file-max" : "memory";
            assertThat(Exceptions.of(errno, "process 1", 1))
                    .hasMessageContaining("process 1")
                    .hasMessageContaining(remedy);
        }
    }
}
