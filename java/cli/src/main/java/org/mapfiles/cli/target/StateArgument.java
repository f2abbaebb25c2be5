package org.mapfiles.cli.target;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.cli.output.Terminal;

/** An argument that names the state of a process: a PID, {@code self}, or a file. */
public final class StateArgument {
    private StateArgument() {}

    /** Reads the state. A number is a PID, so a file with such a name is {@code ./4711}. */
    public static ProcessState read(String argument, Terminal terminal) throws IOException {
        boolean isSelf = argument.equals("self");
        int pid = PositiveNumber.parse(argument);
        if (!isSelf && pid < 0) {
            return SavedFile.readState(argument, terminal);
        }
        try (ProcessMaps maps = isSelf ? ProcessMaps.self() : ProcessMaps.of(pid)) {
            ProcessIdentity identity = ProcessIdentity.of(maps.pid());
            String time = Instant.now().toString();
            List<StateEntry> entries = new ArrayList<>();
            StateReader reader = new StateReader(maps);
            reader.read(entries::add);
            if (reader.pagesDenial() != null) {
                terminal.report("the sizes in memory are unknown: "
                        + reader.pagesDenial().getMessage());
            }
            return new ProcessState(identity, time, entries, !reader.isInconsistent());
        }
    }
}
