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

    private static void isRefused(Path directory, String why) {
        assertThatThrownBy(() -> PrivateDirectory.make(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    @Test
    void missingDirectoriesAreMade() throws Exception {
        assertThat(permissions(PrivateDirectory.make(above.resolve("one")))).isEqualTo("rwx------");
        assertThat(PrivateDirectory.make(above.resolve("below/it"))).isDirectory();
    }

    @Test
    void directoryThatOthersCanEnterIsRejected() throws Exception {
        isRefused(with("rwxr-x---"), "is not a directory of this user only");
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxrwxrwx"));
        isRefused(above.resolve("new"), "allows all users to replace its files");
    }

    @Test
    void otherFilesAreRejected() throws Exception {
        isRefused(Files.createFile(above.resolve("file")), "is not a directory of this user only");
        isRefused(
                Files.createSymbolicLink(above.resolve("link"), with("rwx------")),
                "is not a directory of this user only");
        isRefused(Path.of("relative"), "is not an absolute path");
    }

    @Test
    void directoryOfAnotherUserIsRejected() throws Exception {
        assumeTrue(PrivateDirectory.ownUid() == 0, "only root gives a directory away");
        Path made = with("rwx------");
        Files.setAttribute(made, "unix:uid", 65534);
        isRefused(made, "is not a directory of this user only");
    }
}
