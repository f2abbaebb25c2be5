package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.mapfiles.Backend;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** How often a picture is read again, or stays torn, at which rate of which changes. */
final class TornFigures {
    private static final int MAX_READS = 8;

    private final Figures figures;
    private final Path bin;
    private final int millis;

    TornFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.millis = quick ? 250 : 3_000;
    }

    void run() throws Exception {
        try (Harness churner = new Harness(bin.resolve("churner").toString())) {
            churner.line();
            try (ProcessMaps maps = ProcessMaps.of(churner.pid())) {
                for (String way : new String[] {"map", "split", "remap"}) {
                    for (int pause : new int[] {1000, 100, 0}) {
                        figure(churner, maps, way, pause);
                    }
                }
            }
        }
    }

    /** What was seen of some pictures. */
    private static final class Seen {
        int pictures;
        int again;
        int torn;

        double share(int count) {
            return count / (double) Math.max(pictures, 1);
        }
    }

    private void figure(Harness churner, ProcessMaps maps, String way, int pause) throws Exception {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all().by(Backend.TEXT));
        double changes = churned(churner, way, pause, () -> read(maps, snapshot, new Seen()));
        Seen seen = new Seen();
        changes = churned(churner, way, pause, () -> read(maps, snapshot, seen));
        Seen twice = new Seen();
        churned(churner, way, pause, () -> readStable(maps, snapshot, 2, twice));
        Seen often = new Seen();
        churned(churner, way, pause, () -> readStable(maps, snapshot, MAX_READS, often));
        figures.add("L4-" + way, pause + "us", seen.share(seen.again), seen.pictures * 1000.0 / millis, changes, "1/s",
                String.format(Locale.ROOT, "share of pictures read again, at so many pictures and changes a second; torn %.3f, two reads "
                        + "the same %.3f, within %d %.3f", seen.share(seen.torn), twice.share(twice.pictures - twice.again), MAX_READS,
                        often.share(often.pictures - often.again)), null);
    }

    /** The changes a second that were made while something was done again and again. */
    private double churned(Harness churner, String way, int pause, BooleanSupplier work) throws Exception {
        CompletableFuture<Double> changes = CompletableFuture.supplyAsync(() -> {
            try {
                return churner.ask(way + " " + pause + " " + millis);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (!changes.isDone() && work.getAsBoolean()) {
            continue;
        }
        return changes.get();
    }

    private static boolean read(ProcessMaps maps, MapSnapshot snapshot, Seen seen) {
        try {
            maps.refresh(snapshot);
            seen.pictures++;
            seen.again += snapshot.retries() > 0 ? 1 : 0;
            seen.torn += snapshot.isInconsistent() ? 1 : 0;
            return true;
        } catch (MapsException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean readStable(ProcessMaps maps, MapSnapshot snapshot, int reads, Seen seen) {
        try {
            maps.refresh(snapshot); // what settling begins with is never the last picture by chance
            seen.pictures++;
            seen.again += maps.readStable(snapshot, reads - 1) ? 0 : 1;
            return true;
        } catch (MapsException e) {
            throw new IllegalStateException(e);
        }
    }
}
