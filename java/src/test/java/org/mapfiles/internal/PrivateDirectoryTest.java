package org.mapfiles.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM loads a library only from a directory in which no other user can replace files. */
class PrivateDirectoryTest {
    @TempDir
    Path above;

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private Path with(String permissions) throws IOException {
        Path made = Files.createDirectory(above.resolve("made"));
        return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(permissions));
    }

    private static void isRefused(Path directory, boolean isReadable, String why) {
        assertThatThrownBy(() -> PrivateDirectory.make(directory, isReadable))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    @Test
    void privateAndSharedDirectoriesAreMade() throws Exception {
        assertThat(permissions(PrivateDirectory.make(above.resolve("one"), false)))
                .isEqualTo("rwx------");
        assertThat(permissions(PrivateDirectory.make(above.resolve("all"), true)))
                .as("whatever the umask")
                .isEqualTo("rwxr-xr-x");
        assertThat(PrivateDirectory.make(above.resolve("below/it"), false)).isDirectory();
    }

    @Test
    void umaskDoesNotCloseTheDirectory() throws Exception {
        Path made = with("rwxr-x---");
        assertThat(permissions(PrivateDirectory.make(made, true))).isEqualTo("rwxr-xr-x");
        isRefused(made, false, "is not a directory of this user only");
    }

    @Test
    void directoryThatOthersCanWriteIsRejected() throws Exception {
        Path made = with("rwxrwxr-x");
        isRefused(made, true, "is not a directory of this user only");
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxrwxrwx"));
        isRefused(above.resolve("new"), false, "allows all users to replace its files");
    }

    @Test
    void otherFilesAreRejected() throws Exception {
        isRefused(Files.createFile(above.resolve("file")), false, "is not a directory of this user only");
        isRefused(
                Files.createSymbolicLink(above.resolve("link"), with("rwx------")),
                false,
                "is not a directory of this user only");
        isRefused(Path.of("relative"), false, "is not an absolute path");
    }

    @Test
    void directoryOfAnotherUserIsRejected() throws Exception {
        assumeTrue(PrivateDirectory.ownUid() == 0, "only root gives a directory away");
        Path made = with("rwx------");
        Files.setAttribute(made, "unix:uid", 65534);
        isRefused(made, false, "is not a directory of this user only");
    }
}
