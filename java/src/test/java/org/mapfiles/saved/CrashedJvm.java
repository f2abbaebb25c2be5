package org.mapfiles.saved;

import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.testing.ChildJvm;

/** Makes an hs_err file. */
final class CrashedJvm {
    private CrashedJvm() {}

    /** Crashes a JVM. Returns its log. */
    static Path log(Path directory) throws Exception {
        Path log = directory.resolve("hs_err.log");
        ChildJvm.Outcome outcome = new ChildJvm()
                .in(directory.toAbsolutePath())
                .with(
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-XX:ErrorFile=" + log.toAbsolutePath(),
                        "-XX:-CreateCoredumpOnCrash",
                        "-Xmx64m")
                .run(CrashMain.class);
        if (!Files.exists(log)) {
            throw new AssertionError("the JVM has not crashed: " + outcome);
        }
        return log;
    }
}
