package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mapfiles.cli.ElfCopies;
import org.mapfiles.cli.StaleTarget;
import org.mapfiles.files.MapFiles;

/** {@code mapfiles stale}: processes with a root, or mounts, of their own. */
class StaleInRootTest extends StaleFiles {
    @BeforeEach
    void requireRoot() {
        assumeTrue(MapFiles.followDenial().isEmpty(), "only root can mount, and call chroot(2)");
    }

    @Test
    void aFileInAnotherMountNamespaceIsComparedThere() throws Exception {
        Path mount = Files.createDirectory(temporary.toRealPath().resolve("mount"));
        Path inside = mount.resolve("sleep");
        String make =
                "mount -t tmpfs none " + mount + " && cp " + program + " " + inside + " && exec " + inside + " 1000";
        try (StaleTarget target = StaleTarget.start(
                inside.toString(), null, List.of("unshare", "--mount", "--propagation", "private", "sh", "-c", make))) {
            assertThat(inside).doesNotExist();
            assertThat(target.rows(0)).isEmpty();
            Files.move(target.inRoot(inside), target.inRoot(mount.resolve("old")));
            Files.write(target.inRoot(inside), ElfCopies.anotherVersion(programBytes));
            assertThat(target.row(OUTDATED))
                    .containsEntry("program", true)
                    .containsEntry("path_now", inside.toString());
        }
    }

    @Test
    void aCopyThatOverlayfsMadeForWritingIsNotOutdated() throws Exception {
        Path base = temporary.toRealPath().resolve("overlay");
        Path merged = base.resolve("merged");
        String make = "mkdir -p " + merged + " && mount -t tmpfs none " + base + " && cd " + base
                + " && mkdir lower upper work merged && cp " + program + " lower/sleep"
                + " && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged"
                + " && cd / && exec " + merged + "/sleep 1000";
        try (StaleTarget target = StaleTarget.start(
                merged + "/sleep", null, List.of("unshare", "--mount", "--propagation", "private", "sh", "-c", make))) {
            Path inside = target.inRoot(merged.resolve("sleep"));
            assertThat(target.rows(0)).isEmpty();
            assertThat(inside.toFile().setLastModified(0)).isTrue(); // copies it up
            assertThat(target.inRoot(base.resolve("upper/sleep"))).exists();
            assertThat(target.rows(0))
                    .as("the bytes are the same")
                    .allSatisfy(row -> assertThat(row).containsEntry("update", "replaced_same"));
            Files.move(inside, target.inRoot(merged.resolve("old")));
            Files.write(inside, ElfCopies.anotherVersion(programBytes));
            assertThat(target.row(OUTDATED)).containsEntry("update", "outdated");
        }
    }

    @Test
    void aProgramInAChangedRootIsComparedThere() throws Exception {
        Path root = rootWithLibc();
        Path inside = Files.createDirectory(root.resolve("bin")).resolve("sleep");
        ElfCopies.install(inside, programBytes);
        try (StaleTarget target =
                StaleTarget.start(inside.toString(), null, List.of("chroot", root.toString(), "/bin/sleep", "1000"))) {
            assertThat(target.rows(0)).isEmpty();
            ElfCopies.install(inside, ElfCopies.anotherVersion(programBytes));
            assertThat(target.row(OUTDATED)).containsEntry("program", true).containsEntry("path", inside.toString());
        }
    }

    /** As packages of libraries install them. A restart follows the link, in the root of the process. */
    @Test
    void aLinkInAChangedRootThatLeadsToAnotherFileNow() throws Exception {
        Path root = rootWithLibc();
        Path bin = Files.createDirectory(root.resolve("bin"));
        ElfCopies.install(bin.resolve("sleep.1"), programBytes);
        ElfCopies.install(bin.resolve("sleep.2"), ElfCopies.anotherVersion(programBytes));
        Path link = Files.createSymbolicLink(bin.resolve("sleep"), Path.of("sleep.1"));
        try (StaleTarget target = StaleTarget.start(
                bin.resolve("sleep.1").toString(), null, List.of("chroot", root.toString(), "/bin/sleep", "1000"))) {
            assertThat(target.rows(0)).isEmpty();
            Files.delete(link);
            Files.createSymbolicLink(link, Path.of("sleep.2"));
            assertThat(target.row(OUTDATED)).containsEntry("program", true).containsEntry("path_now", "/bin/sleep");
        }
    }

    private Path rootWithLibc() throws Exception {
        Path root = Files.createDirectory(temporary.toRealPath().resolve("root"));
        for (String file : Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.matches(".*/(libc\\.so\\.6|ld-linux-[^/]*|ld-musl-[^/]*)$"))
                .map(line -> line.substring(line.indexOf('/')))
                .distinct()
                .toList()) {
            for (String name : List.of(
                    file,
                    "/lib64/" + Path.of(file).getFileName(),
                    "/lib/" + Path.of(file).getFileName())) {
                Path to = root.resolve(name.substring(1));
                Files.createDirectories(to.getParent());
                Files.copy(Path.of(file), to, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return root;
    }

    /** As Postfix and sshd do: the root has a copy of a library, of another version than the one that was loaded. */
    @Test
    void aRootThatIsChangedAfterTheLoadsHasOtherFiles() throws Exception {
        Path root = Files.createDirectory(temporary.toRealPath().resolve("root"));
        Path copy = root.resolve(library.toString().substring(1));
        Files.createDirectories(copy.getParent());
        ElfCopies.install(copy, ElfCopies.anotherVersion(libraryBytes));
        String script =
                "import ctypes, os, sys, time\nctypes.CDLL(sys.argv[1])\nos.chroot(sys.argv[2])\nos.chdir('/')\n"
                        + "time.sleep(1000)\n";
        try (StaleTarget target = StaleTarget.python(library.toString(), script, library.toString(), root.toString())) {
            assertThat(target.rows(0)).isEmpty();
            ElfCopies.install(library, ElfCopies.anotherVersion(libraryBytes));
            assertThat(target.row(OUTDATED)).containsEntry("path_now", library.toString());
        }
    }
}
