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

/** The program of a child JVM: what may be done with entries of a process, and with the file of each shared mapping. */
final class OpenFilesMain {
    private OpenFilesMain() {
    }

    /** A pid. */
    public static void main(String[] arguments) {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            System.out.println("list " + told(MapFiles.of(maps).listDenial()));
            System.out.println("follow " + told(MapFiles.followDenial()));
            System.out.println("entries " + entries(maps));
            for (MapCursor mapping = maps.snapshot(MapFilter.all().fileBacked().shared()).cursor(); mapping.next(); ) {
                System.out.println(mapping.kind() + " " + opened(maps, mapping));
            }
        } catch (MapsException e) {
            System.out.println("nothing " + told(e));
        }
    }

    /** Of all that are listed: whether the path, the access and the stat of each is known. */
    private static String entries(ProcessMaps maps) throws MapsException {
        MapFilesEntries entries = new MapFilesEntries();
        MapSnapshot snapshot = new MapSnapshot();
        Set<String> known = new TreeSet<>();
        MapFiles.of(maps).list(snapshot, entries, EnumSet.allOf(EntryField.class));
        while (entries.next()) {
            known.add(entries.linkStatus() + "/" + entries.accessStatus() + "/" + entries.statStatus());
        }
        return (entries.count() == snapshot.size()) + " " + known;
    }

    private static String told(Optional<MapsException> refusal) {
        return refusal.map(OpenFilesMain::told).orElse("yes");
    }

    private static String told(MapsException refusal) {
        return refusal instanceof PermissionDeniedException ? ((PermissionDeniedException) refusal).reasons() + " " + refusal.getMessage()
                : refusal.getClass().getSimpleName();
    }

    private static String opened(ProcessMaps maps, MapCursor mapping) {
        try (MappedFile file = MapFiles.of(maps).open(mapping)) {
            return file.verification().toString();
        } catch (MapsException e) {
            return told(e);
        }
    }
}
