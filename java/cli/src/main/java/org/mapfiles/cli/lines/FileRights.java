package org.mapfiles.cli.lines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.mapfiles.cli.programs.InstalledProgram;

/**
 * The rights that a symbolizer of a file has. A file names other files, and a symbolizer opens them: split DWARF by any
 * path, and {@code .gnu_debuglink} by a path that may begin with {@code ../}. If root reads a file of another user, the
 * symbolizer has the rights of that user: to open a device or a FIFO may have an effect.
 */
final class FileRights {
    private static final String OWNER = "unix:uid";
    private static final int ROOT = 0;
    /** The group of no file: DEFAULT_OVERFLOWGID of Linux. The owner of a file needs no group to read it. */
    private static final int NO_GROUP = 65534;

    private FileRights() {}

    /**
     * Returns the command that runs a symbolizer with the rights for a file, which precedes the symbolizer.
     *
     * @return its words, which may be none; empty: setpriv(1) is needed and not installed
     */
    static Optional<List<String>> of(Path file) throws IOException {
        Object owner = Files.getAttribute(file, OWNER);
        if (!Files.getAttribute(Path.of("/proc/self"), OWNER).equals(ROOT) || owner.equals(ROOT)) {
            return Optional.of(List.of());
        }
        return InstalledProgram.find("setpriv")
                .map(setpriv -> List.of(
                        setpriv.toString(),
                        "--reuid=" + owner,
                        "--regid=" + NO_GROUP,
                        "--clear-groups",
                        "--no-new-privs",
                        "--"));
    }
}
