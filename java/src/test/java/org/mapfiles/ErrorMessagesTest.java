package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Each errno of the core has a message that is about what failed. */
class ErrorMessagesTest {
    @Test
    void descriptorsAndMemoryThatRunOut() {
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            String remedy = errno == Errno.EMFILE ? "ulimit -n" : errno == Errno.ENFILE ? "fs.file-max" : "memory";
            assertThat(Failures.of(errno, "process 1", 1)).hasMessageContaining("process 1").hasMessageContaining(remedy);
            assertThat(Failures.ofEntry(errno, "a mapping")).isExactlyInstanceOf(MapsException.class)
                    .hasMessageContaining("a mapping").hasMessageContaining(remedy);
            assertThat(Failures.ofStream(errno, "process 1", 1, 7)).hasMessageContaining("process 1").hasMessageContaining(remedy);
        }
    }

    /** Callers that poll where they cannot listen print these messages. */
    @Test
    void pollingIsNotAdvised() {
        for (int errno : new int[] {Errno.EPERM, Errno.ENOSYS, Errno.EXDEV, Errno.EMFILE, Errno.ENOTSUP, Errno.EAGAIN, Errno.ENOMEM}) {
            assertThat(Failures.ofStream(errno, "process 1", 1, 7).getMessage()).doesNotContain("poll").doesNotContain("again and again");
        }
    }

    @Test
    void errorsOfFiles() {
        assertThat(Failures.ofEntry(Errno.EIO, "x")).hasMessageContaining("file system");
        assertThat(Failures.ofEntry(Errno.ETXTBSY, "x")).hasMessageContaining("runs as a program");
        assertThat(Failures.ofEntry(Errno.EROFS, "x")).hasMessageContaining("read-only");
        assertThat(Failures.ofEntry(Errno.ENXIO, "x")).isInstanceOf(NotSupportedException.class);
        assertThat(Failures.ofEntry(-999, "x")).hasMessageContaining("x failed with errno 999");
    }

    /** Who has the capability is not told to get it. */
    @Test
    void aFileThatItsPathDoesNotLeadTo() {
        NotVerifiedException failure = (NotVerifiedException) Failures.ofEntry(Errno.EIDRM, "x");
        assertThat(failure.isSurelyAnother()).isTrue();
        assertThat(failure.getMessage().contains("CAP_CHECKPOINT_RESTORE")).isEqualTo(MapFiles.refusalToFollow().isPresent());
        assertThat(Failures.ofEntry(Errno.EREMCHG, "x")).isInstanceOf(NotVerifiedException.class).hasMessageContaining("overlayfs");
    }
}
