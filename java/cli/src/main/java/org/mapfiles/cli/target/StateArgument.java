package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.cli.output.Terminal;

/** An argument that names the state of a process: a process as {@link Target} names it, or a file. */
public final class StateArgument {
    private StateArgument() {}

    /** Returns whether an argument names a file. A number is a PID, so a file with such a name is {@code ./4711}. */
    public static boolean isFile(String argument) {
        if (argument.equals("self") || PositiveNumber.parse(argument) > 0) {
            return false;
        }
        try {
            Path path = Path.of(argument);
            return Files.exists(path) && !Files.isDirectory(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * Returns the process of an argument that is no file.
     *
     * @throws UsageException if there is no such process either
     */
    static Target target(String argument) {
        try {
            return Target.parse(argument);
        } catch (UsageException e) {
            throw new UsageException(e.getMessage() + ", and no file is at this path");
        }
    }

    /**
     * Reads the state.
     *
     * @throws UsageException if the argument is neither a file nor a process
     */
    public static ProcessState read(String argument, Terminal terminal) throws IOException {
        if (isFile(argument)) {
            return SavedFile.readState(argument, terminal);
        }
        try (ProcessMaps maps = target(argument).open()) {
            return read(maps, terminal);
        }
    }

    /** Reads the state of a process. Reports why sizes in memory are unknown. */
    static ProcessState read(ProcessMaps maps, Terminal terminal) throws IOException {
        ProcessIdentity identity = ProcessIdentity.of(maps.pid());
        String time = Instant.now().toString();
        List<StateEntry> entries = new ArrayList<>();
        StateReader reader = new StateReader(maps);
        reader.read(entries::add);
        if (reader.pagesDenial() != null) {
            terminal.report(
                    "the sizes in memory are unknown: " + reader.pagesDenial().getMessage());
        }
        return new ProcessState(identity, time, entries, !reader.isInconsistent());
    }
}
