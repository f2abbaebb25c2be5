package org.mapfiles.files;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;

/** Prints the access of this user to the entries of a process, and to the file of each shared mapping. */
final class OpenFilesMain {
    private OpenFilesMain() {}

    /** Argument: a PID. */
    public static void main(String[] arguments) {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            System.out.println("list " + describe(MapFiles.of(maps).listDenial()));
            System.out.println("follow " + describe(MapFiles.followDenial()));
            System.out.println("entries " + entries(maps));
            for (MapCursor mapping =
                            maps.snapshot(MapFilter.all().fileBacked().shared()).cursor();
                    mapping.next(); ) {
                System.out.println(mapping.kind() + " " + opened(maps, mapping));
            }
        } catch (MapsException e) {
            System.out.println("nothing " + describe(e));
        }
    }

    /** Prints which combinations of path, access mode and status are known for the listed entries. */
    private static String entries(ProcessMaps maps) throws MapsException {
        MapFilesEntries entries = new MapFilesEntries();
        MapSnapshot snapshot = new MapSnapshot();
        Set<String> known = new TreeSet<>();
        MapFiles.of(maps).list(snapshot, entries, EnumSet.allOf(MapFilesEntries.Field.class));
        while (entries.next()) {
            known.add(entries.targetStatus() + "/" + entries.accessStatus() + "/" + entries.statStatus());
        }
        return (entries.count() == snapshot.size()) + " " + known;
    }

    private static String describe(Optional<MapsException> denial) {
        return denial.map(OpenFilesMain::describe).orElse("yes");
    }

    private static String describe(MapsException denial) {
        return denial instanceof PermissionDeniedException
                ? ((PermissionDeniedException) denial).reasons() + " " + denial.getMessage()
                : denial.getClass().getSimpleName();
    }

    private static String opened(ProcessMaps maps, MapCursor mapping) {
        try (MappedFile file = MapFiles.of(maps).open(mapping)) {
            return file.verification().toString();
        } catch (MapsException e) {
            return describe(e);
        }
    }
}
