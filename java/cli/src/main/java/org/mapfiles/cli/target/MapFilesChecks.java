package org.mapfiles.cli.target;

import java.util.List;
import java.util.Optional;
import org.mapfiles.MapFilter;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.CheckRows.Check;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MapFilesEntries.FieldStatus;

/** Checks whether entries of map_files can be read and followed, with one of this process. */
final class MapFilesChecks {
    private static final String LIST = "list map_files";
    private static final String FOLLOW = "follow map_files";
    private static final String NEEDS = "this kernel or sandbox has none: Linux 4.3 has them";

    private MapFilesChecks() {}

    static List<Check> run() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapFiles files = MapFiles.of(maps);
            MapFilesEntries entries = new MapFilesEntries();
            files.readAll(maps.snapshot(MapFilter.all().executable().fileBacked()), entries);
            if (!entries.next()) {
                return List.of(Check.unknown(LIST, "this process maps no file"));
            }
            return List.of(
                    check(LIST, entries.accessStatus(), files.listDenial(), "entries are read", "entries are not read"),
                    check(
                            FOLLOW,
                            entries.statStatus(),
                            MapFiles.followDenial(),
                            "files are opened through their entries, also deleted ones",
                            "files are not opened through their entries"));
        }
    }

    private static Check check(
            String name, FieldStatus status, Optional<MapsException> denial, String known, String denied) {
        switch (status) {
            case KNOWN:
                return Check.ok(name, known);
            case DENIED:
                return Check.limited(
                        name, denied, denial.map(MapsException::getMessage).orElse("run this as root"));
            case NOT_SUPPORTED:
            case STALE: // the mapping does exist
                return Check.limited(name, "no entries", NEEDS);
            default:
                return Check.limited(name, "reading an entry failed: " + JsonLines.constant(status), NEEDS);
        }
    }
}
