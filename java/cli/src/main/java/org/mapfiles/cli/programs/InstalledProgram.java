package org.mapfiles.cli.programs;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds installed programs, which this process may run. */
public final class InstalledProgram {
    private InstalledProgram() {}

    /** Searches the PATH of this process. */
    public static Optional<Path> find(String name) {
        return find(name, System.getenv("PATH"));
    }

    /**
     * Searches the absolute directories of a path: others depend on the working directory, which anyone may write to.
     *
     * @param path the directories, with colons; null: none
     */
    public static Optional<Path> find(String name, String path) {
        for (String directory : path == null ? new String[0] : path.split(":")) {
            try {
                Path program = Path.of(directory, name);
                if (program.isAbsolute() && Files.isRegularFile(program) && Files.isExecutable(program)) {
                    return Optional.of(program);
                }
            } catch (InvalidPathException notInThisLocale) {
                continue;
            }
        }
        return Optional.empty();
    }
}
