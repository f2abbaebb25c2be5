package org.mapfiles.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A control group with a limit, in version 1 or 2, for programs that a test starts. */
final class ControlGroup implements AutoCloseable {
    private final Path directory;

    private ControlGroup(Path directory) {
        this.directory = directory;
    }

    /**
     * Makes a group below the root; skips the test if this machine does not allow that.
     *
     * @param limit of version 1, such as {@code memory.limit_in_bytes}
     * @param limit2 of version 2, such as {@code memory.max}
     */
    static ControlGroup make(String controller, String limit, String limit2, long value) {
        String name = "mapfiles-test-" + ProcessHandle.current().pid();
        Path old = Path.of("/sys/fs/cgroup", controller, name);
        Path directory = Files.isDirectory(old.getParent()) ? old : Path.of("/sys/fs/cgroup", name);
        ControlGroup group = new ControlGroup(directory);
        try {
            Files.createDirectory(directory);
            Files.writeString(directory.resolve(directory == old ? limit : limit2), Long.toString(value));
        } catch (IOException e) {
            group.close();
            assumeTrue(false, "no control group with a limit can be made here: " + e);
        }
        return group;
    }

    /** The beginning of a shell's command line, which enters this group. */
    String enter() {
        return "echo $$ >" + directory + "/cgroup.procs &&";
    }

    /** Removes the group, whose programs have ended. */
    @Override
    public void close() {
        for (int attempt = 0; attempt < 100; attempt++) {
            try {
                Files.deleteIfExists(directory);
                return;
            } catch (IOException stillInUse) {
                sleep();
            }
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
