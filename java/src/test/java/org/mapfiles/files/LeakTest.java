package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;

/** A hundred thousand rounds of all operations on map_files leave no descriptor and no memory behind. */
class LeakTest {
    @TempDir
    Path directory;

    private static ChildJvm jvm() {
        // with -Xbatch a busy machine does not compile later, while the memory is measured
        return new ChildJvm()
                .with("-Xbatch", "-Xms24m", "-Xmx24m", "-XX:+AlwaysPreTouch", "-XX:MaxDirectMemorySize=4m");
    }

    @Test
    void operationsOnOwnFilesLeaveNothing() throws Exception {
        assertThat(jvm().run(LeakMain.class, directory.resolve("mapped"), 100_000)
                        .output())
                .matches("flat .*\\n");
    }
}
