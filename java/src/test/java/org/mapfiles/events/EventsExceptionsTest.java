package org.mapfiles.events;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapfiles.MapSnapshot;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.internal.Errno;

/** The message of each errno of the core is about events. */
class EventsExceptionsTest {
    private final MapSnapshot any = new MapSnapshot(); // gives access to the messages of processes

    @Test
    void missingDescriptorsAndMemoryAreNamed() {
        assertThat(any.size()).isZero();
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            String remedy = errno == Errno.EMFILE ? "ulimit -n" : errno == Errno.ENFILE ? "fs.file-max" : "memory";
            assertThat(EventsExceptions.ofStream(errno, "process 1", 1, 7))
                    .hasMessageContaining("process 1")
                    .hasMessageContaining(remedy);
        }
    }

    /** Callers that fall back to polling print these messages. */
    @Test
    void messagesDoNotAdvisePolling() {
        for (int errno : new int[] {
            Errno.EPERM, Errno.ENOSYS, Errno.EXDEV, Errno.EMFILE, Errno.ENOTSUP, Errno.EAGAIN, Errno.ENOMEM
        }) {
            assertThat(EventsExceptions.ofStream(errno, "process 1", 1, 7).getMessage())
                    .doesNotContain("poll")
                    .doesNotContain("again and again");
        }
    }

    /** Other errors of the kernel, which this machine may not produce. */
    @Test
    void otherErrorsAreNamed() {
        assertThat(EventsExceptions.ofStream(Errno.EPERM, "process 1", 1, 0))
                .isInstanceOf(PermissionDeniedException.class)
                .hasMessageContaining("perf_event_open")
                .hasMessageContaining("process 1");
        assertThat(EventsExceptions.ofStream(Errno.ENOSYS, "process 1", 1, 0)).hasMessageContaining("perf");
        assertThat(EventsExceptions.ofStream(Errno.EXDEV, "process 1", 1, 0))
                .isInstanceOf(NotSupportedException.class)
                .hasMessageContaining("pid namespace");
        assertThat(EventsExceptions.ofStream(Errno.ENOTSUP, "process 1", 1, 0))
                .isInstanceOf(NotSupportedException.class)
                .hasMessageContaining("CLONE_NEWTIME");
        assertThat(EventsExceptions.ofStream(Errno.ENOMEM, "process 1", 1, 0)).hasMessageContaining("no memory");
        assertThat(EventsExceptions.ofStream(Errno.EAGAIN, "process 1", 1, 0)).hasMessageContaining("another attempt");
        assertThat(EventsExceptions.ofStream(Errno.ESRCH, "process 1", 1, 0))
                .isInstanceOf(ProcessExitedException.class);
    }
}
