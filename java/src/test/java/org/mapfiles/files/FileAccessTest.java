package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.SpecialMappingsProcess;

/** Access of a user to entries of map_files: whether it is reported beforehand, and what works without it. */
class FileAccessTest {
    private static final String NEEDS =
            "\\[CHECKPOINT_RESTORE] following a map_files entry needs CAP_CHECKPOINT_RESTORE or"
                    + " CAP_SYS_ADMIN in the initial user namespace.*";

    private static final String THIS_IS_ROOT = "; this is root without CAP_SYS_PTRACE: docker run --cap-add=SYS_PTRACE";

    @TempDir
    Path directory;

    @RegisterExtension
    final Children children = new Children();

    private List<String> outputOf(ChildJvm jvm, long pid) throws Exception {
        return jvm.run(OpenFilesMain.class, pid).output().lines().toList();
    }

    @Test
    void withoutCapabilitiesFilesAreListedAndOpenedByPath() throws Exception {
        SpecialMappingsProcess child =
                SpecialMappingsProcess.ofNobody("plain", "permissions", "memfd", "shared-anonymous");
        try {
            child.start();
            List<String> output = outputOf(ChildJvm.ofNobody(directory), child.pid());
            assertThat(output.get(1)).contains("run this as root");
            assertThat(output).startsWith("list yes");
            assertThat(output.get(1)).matches("follow " + NEEDS);
            assertThat(output)
                    .filteredOn(line -> line.startsWith("FILE"))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("FILE SAME_\\w+"));
            assertThat(output)
                    .filteredOn(line -> line.startsWith("MEMFD") || line.startsWith("SHARED_ANONYMOUS"))
                    .hasSizeGreaterThan(1)
                    .allMatch(line -> line.matches("\\w+ " + NEEDS));
        } finally {
            child.stop();
        }
    }

    /** With CAP_PERFMON recent kernels permit reading mappings, but not map_files. */
    @Test
    void perfmonListsAndOpensByPath() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can give up capabilities");
        assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        SpecialMappingsProcess child =
                SpecialMappingsProcess.ofNobody("plain", "permissions", "memfd", "shared-anonymous");
        try {
            child.start();
            List<String> output = outputOf(
                    new ChildJvm().under("setpriv", "--inh-caps=-all", "--bounding-set=-all,+perfmon"), child.pid());
            assumeTrue(
                    !output.get(0).startsWith("nothing"), "CAP_PERFMON is not enough for maps here: before Linux 6.13");
            assertThat(output.get(0)).startsWith("list [OTHER_USER]").endsWith(THIS_IS_ROOT);
            assertThat(output.get(1))
                    .startsWith("follow [CHECKPOINT_RESTORE]")
                    .endsWith(": this is root without CAP_CHECKPOINT_RESTORE:"
                            + " docker run --cap-add=CHECKPOINT_RESTORE");
            assertThat(output.get(2)).isEqualTo("entries true [KNOWN/DENIED/DENIED, KNOWN/KNOWN/DENIED]");
            assertThat(output)
                    .filteredOn(line -> line.startsWith("FILE"))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("FILE SAME_\\w+"));
            assertThat(output)
                    .filteredOn(line -> line.startsWith("MEMFD") || line.startsWith("SHARED_ANONYMOUS"))
                    .filteredOn(line -> !line.contains("/memfd:new")) // and a newline
                    .hasSizeGreaterThan(1)
                    .allMatch(line -> line.matches("\\w+ \\[OTHER_USER] the kernel denies access to the map_files"
                                    + " entry, which is the only way to open the file: .*")
                            && line.endsWith(THIS_IS_ROOT));
        } finally {
            child.stop();
        }
    }

    /** Root of a user namespace has every capability, but in a namespace that does not count. */
    @Test
    void rootOfAUserNamespaceHasNoAccess() throws Exception {
        Process possible = children.start("unshare", "--user", "--map-root-user", "true");
        assumeTrue(possible.waitFor() == 0, "no user namespace can be made here");
        List<String> output = outputOf(
                new ChildJvm().under("unshare", "--user", "--map-root-user"),
                children.sleeper().pid());
        assertThat(output)
                .singleElement()
                .asString()
                .startsWith("nothing [POLICY]")
                .contains("another user namespace")
                .contains("run this in the user namespace of that process, or as root outside of it");
        Process inside = children.start("unshare", "--user", "--map-root-user", "sleep", "1000");
        Children.await("it sleeps", () -> Children.program(inside.pid()).equals("sleep"));
        output = outputOf(
                new ChildJvm()
                        .under("nsenter", "--user", "--preserve-credentials", "--target", Long.toString(inside.pid())),
                inside.pid());
        assertThat(output).startsWith("list yes");
        assertThat(output.get(1)).matches("follow " + NEEDS);
    }

    @Test
    void permissionToFollowIncludesListing() throws Exception {
        Assume.followingEntries();
        try (ProcessMaps maps = ProcessMaps.of(children.sleeper().pid())) {
            assertThat(MapFiles.of(maps).listDenial()).isEmpty();
        }
    }

    @Test
    void exitedProcessHasNoEntries() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            Children.killAndWait(sleeper);
            assertThat(MapFiles.of(maps).listDenial()).get().isInstanceOf(ProcessExitedException.class);
        }
    }
}
