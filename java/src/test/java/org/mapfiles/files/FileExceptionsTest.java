package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.internal.Errno;

/** The message of each errno of the core is about the file. */
class FileExceptionsTest {
    private final MapSnapshot any = new MapSnapshot(); // gives access to the messages of processes

    @Test
    void missingDescriptorsAndMemoryAreNamed() {
        assertThat(any.size()).isZero();
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            String remedy = errno == Errno.EMFILE ? "ulimit -n" : errno == Errno.ENFILE ? "fs.file-max" : "memory";
            assertThat(FileExceptions.ofEntry(errno, "a mapping"))
                    .isInstanceOf(MapsException.class)
                    .isNotInstanceOfAny(PermissionDeniedException.class, NotSupportedException.class)
                    .hasMessageContaining("a mapping")
                    .hasMessageContaining(remedy);
        }
    }

    @Test
    void errorsOfFilesAreNamed() {
        assertThat(FileExceptions.ofEntry(Errno.EIO, "x")).hasMessageContaining("file system");
        assertThat(FileExceptions.ofEntry(Errno.ETXTBSY, "x")).hasMessageContaining("being executed");
        assertThat(FileExceptions.ofEntry(Errno.EROFS, "x")).hasMessageContaining("read-only");
        assertThat(FileExceptions.ofEntry(Errno.ENXIO, "x")).isInstanceOf(NotSupportedException.class);
        assertThat(FileExceptions.ofEntry(-999, "x")).hasMessageContaining("x failed with errno 999");
    }

    /** A caller who may follow entries lacks no permission. */
    @Test
    void aFileThatItsPathDoesNotLeadTo() {
        for (int errno : new int[] {Errno.EIDRM, Errno.ENAMETOOLONG}) {
            MapsException failure = FileExceptions.ofEntry(errno, "x");
            boolean isDenied = MapFiles.followDenial().isPresent();
            assertThat(failure instanceof PermissionDeniedException)
                    .as("%s", failure)
                    .isEqualTo(isDenied);
            assertThat(failure.getMessage().contains("CAP_CHECKPOINT_RESTORE")).isEqualTo(isDenied);
        }
        assertThat(FileExceptions.notAtPath(FileState.UNLINKED, "x"))
                .hasMessageContaining("nothing is at the path of x");
        assertThat(FileExceptions.notAtPath(FileState.DELETED, "x"))
                .hasMessageContaining("nothing is at the path of x");
        assertThat(FileExceptions.notAtPath(FileState.PATH_REMOVED, "x"))
                .hasMessageContaining("nothing is at the path of x");
        assertThat(FileExceptions.notAtPath(FileState.REPLACED, "x"))
                .hasMessageContaining("another file is at the path of x");
        assertThat(FileExceptions.ofEntry(Errno.EREMCHG, "x"))
                .isInstanceOf(NotVerifiedException.class)
                .hasMessageContaining("overlayfs");
    }
}
