package org.mapfiles;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The program of a child JVM: what may be done with entries of a process, and with the file of each shared mapping. */
final class AskForFiles {
    private AskForFiles() {
    }

    /** A pid. */
    public static void main(String[] arguments) {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            System.out.println("list " + told(maps.files().refusalToList()));
            System.out.println("follow " + told(MapFiles.refusalToFollow()));
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
        FileEntries entries = new FileEntries();
        MapSnapshot snapshot = new MapSnapshot();
        Set<String> known = new TreeSet<>();
        maps.files().list(snapshot, entries, EnumSet.allOf(EntryPart.class));
        while (entries.next()) {
            known.add(entries.linkStatus() + "/" + entries.accessStatus() + "/" + entries.statStatus());
        }
        return (entries.count() == snapshot.size()) + " " + known;
    }

    private static String told(Optional<MapsException> refusal) {
        return refusal.map(AskForFiles::told).orElse("yes");
    }

    private static String told(MapsException refusal) {
        return refusal instanceof AccessRefusedException ? ((AccessRefusedException) refusal).reasons() + " " + refusal.getMessage()
                : refusal.getClass().getSimpleName();
    }

    private static String opened(ProcessMaps maps, MapCursor mapping) {
        try (MappedFile file = maps.files().open(mapping)) {
            return file.proof().toString();
        } catch (MapsException e) {
            return told(e);
        }
    }
}
