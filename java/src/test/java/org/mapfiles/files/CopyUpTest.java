package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;

/** A mapped file of overlayfs that is opened for writing. */
class CopyUpTest {
    @TempDir
    Path directory;

    @Test
    void pathLeadsToAnotherCopy() throws Exception {
        Assume.followingEntries();
        for (String each : List.of("base", "merged")) {
            Files.createDirectory(directory.resolve(each));
        }
        ChildJvm.Outcome outcome = new ChildJvm()
                .under(
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        "cd " + directory
                                + " && mount -t tmpfs none base && mkdir base/lower base/upper base/work && seq 10000 > base/lower/file"
                                + " && mount -t overlay none -o lowerdir=base/lower,upperdir=base/upper,workdir=base/work merged || exit 9;"
                                + " cd - > /dev/null; exec \"$@\"",
                        "sh")
                .run(CopyUpMain.class, directory.resolve("merged/file"));
        assumeTrue(outcome.exit() != 9 && !outcome.output().contains("unshare:"), outcome.output());
        List<String> lines = outcome.output().lines().toList();
        assertThat(lines).as(outcome.output()).hasSize(3);
        assertThat(lines.get(0)).isEqualTo("PRESENT");
        assertThat(lines.get(1)).as("the mapping keeps its bytes").isEqualTo("COPIED true");
        assertThat(lines.get(2)).startsWith("true overlayfs copied the file").doesNotContain("CAP_CHECKPOINT_RESTORE");
    }
}
