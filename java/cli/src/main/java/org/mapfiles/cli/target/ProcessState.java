package org.mapfiles.cli.target;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.cli.output.StateEntry;

/**
 * The mappings of a process at one moment.
 *
 * @param identity of the process
 * @param time when the mappings were read: ISO 8601, UTC; null: unknown
 * @param entries in order of address, without overlaps
 * @param isWhole whether nothing of it is missing
 */
public record ProcessState(ProcessIdentity identity, String time, List<StateEntry> entries, boolean isWhole) {
    /** Returns the mappings as text of /proc/PID/maps. */
    public byte[] mapsText() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        entries.forEach(entry -> entry.appendLine(text));
        return text.toByteArray();
    }

    /** Returns the mappings as a snapshot, whose mappings have the order of {@link #entries}. */
    public MapSnapshot snapshot() throws IOException {
        return MapSnapshot.ofText(mapsText(), MapFilter.all());
    }
}
