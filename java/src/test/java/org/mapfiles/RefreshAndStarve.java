package org.mapfiles;

/** The program of a child JVM that has memory for one picture of a process, not for two. */
final class RefreshAndStarve {
    private RefreshAndStarve() {
    }

    /** The number of the process, which ends when this says that nothing changed. */
    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            MapSnapshot snapshot = maps.snapshot();
            System.out.println("changed: " + maps.refresh(snapshot));
            System.in.read();
            maps.refresh(snapshot);
        } catch (MapsException e) {
            System.out.println(e);
        }
    }
}
