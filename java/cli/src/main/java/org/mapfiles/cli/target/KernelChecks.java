package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.CheckRows.Check;
import org.mapfiles.events.MapEvents;
import org.mapfiles.resident.ResidentPages;

/** Checks interfaces of the kernel by calling them for this process, and limits by reading them. */
public final class KernelChecks {
    private static final String NEWER = "the text of maps is read instead, which takes longer: Linux 6.11 has it";

    /** Runs the checks. */
    public List<Check> run() throws IOException {
        List<Check> checks = new ArrayList<>();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            checks.add(query(maps, snapshot));
            checks.add(pages(maps, snapshot));
            checks.add(events(maps));
            checks.add(mappings(snapshot));
        }
        checks.add(ControlGroups.memory());
        checks.add(ControlGroups.tasks());
        return checks;
    }

    /** Queries the mapping of an executable file with its build ID. */
    private static Check query(ProcessMaps maps, MapSnapshot snapshot) {
        String name = "PROCMAP_QUERY";
        MappingQuery result = MappingQuery.withBuildId();
        boolean hasBuildId = false;
        try {
            for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                if (mapping.isExecutable() && mapping.kind() == Mapping.Kind.FILE) {
                    hasBuildId |= maps.query(mapping.start(), MapFilter.all().by(Backend.QUERY), false, result)
                            && result.buildId().isPresent();
                }
            }
        } catch (MapsException e) {
            return Check.limited(name, "not available", NEWER);
        }
        return Check.ok(name, hasBuildId ? "addresses and build IDs were queried" : "addresses were queried");
    }

    private static Check pages(ProcessMaps maps, MapSnapshot snapshot) {
        String name = "PAGEMAP_SCAN";
        try {
            ResidentPages pages = new ResidentPages();
            pages.read(maps, snapshot);
            return pages.isZeroKnown()
                    ? Check.ok(name, "resident pages were read")
                    : Check.limited(
                            name,
                            "not available",
                            "/proc/PID/pagemap is read instead, which takes longer: Linux 6.7 has it");
        } catch (MapsException e) {
            return Check.limited(name, "pages cannot be read", e.getMessage());
        }
    }

    @SuppressWarnings("try") // the stream is opened and closed, and not used
    private static Check events(ProcessMaps maps) {
        OptionalLong paranoid = SelfStatus.number(Path.of("/proc/sys/kernel/perf_event_paranoid"));
        String setting = paranoid.isEmpty() ? "" : " (kernel.perf_event_paranoid is " + paranoid.getAsLong() + ")";
        try (MapEvents events = MapEvents.open(maps)) {
            return Check.ok("events", "changes are reported by the kernel" + setting);
        } catch (MapsException e) {
            return Check.limited("events", "changes are polled" + setting, e.getMessage());
        }
    }

    private static Check mappings(MapSnapshot snapshot) {
        long limit = ProcessMaps.maxMappings();
        return limit <= 0
                ? Check.unknown("vm.max_map_count", "it cannot be read")
                : Check.ok("vm.max_map_count", limit + "; this process has " + snapshot.size() + " mappings");
    }
}
