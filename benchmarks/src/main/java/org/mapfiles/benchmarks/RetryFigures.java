package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Measures how often a snapshot is read again, and how often it stays inconsistent, while the target changes its
 * mappings.
 */
final class RetryFigures {
    private static final int MAX_READS = 8;

    private final Figures figures;
    private final Path bin;
    private final int millis;

    RetryFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.millis = quick ? 250 : 3_000;
    }

    void run() throws Exception {
        try (ChildProgram churner = new ChildProgram(bin.resolve("churner").toString())) {
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

    /** Counts of snapshots. */
    private static final class Counts {
        int snapshots;
        int readAgain;
        int inconsistent;

        double share(int count) {
            return count / (double) Math.max(snapshots, 1);
        }
    }

    private void figure(ChildProgram churner, ProcessMaps maps, String way, int pause) throws Exception {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all().by(Backend.TEXT));
        churn(churner, way, pause, () -> read(maps, snapshot, new Counts())); // warm-up
        Counts once = new Counts();
        double changes = churn(churner, way, pause, () -> read(maps, snapshot, once));
        Counts twoReads = new Counts();
        churn(churner, way, pause, () -> readStable(maps, snapshot, 2, twoReads));
        Counts maxReads = new Counts();
        churn(churner, way, pause, () -> readStable(maps, snapshot, MAX_READS, maxReads));
        figures.add(
                "retries-" + way,
                pause + "us",
                once.share(once.readAgain),
                once.snapshots * 1000.0 / millis,
                changes,
                "1/s",
                String.format(
                        Locale.ROOT,
                        "share of snapshots read again; snapshots per second; changes per second; "
                                + "inconsistent %.3f, stable after 2 reads %.3f, after %d reads %.3f",
                        once.share(once.inconsistent),
                        twoReads.share(twoReads.snapshots - twoReads.readAgain),
                        MAX_READS,
                        maxReads.share(maxReads.snapshots - maxReads.readAgain)),
                null);
    }

    /** Repeats work while the target changes its mappings. Returns the changes per second. */
    private double churn(ChildProgram churner, String way, int pause, BooleanSupplier work) throws Exception {
        CompletableFuture<Double> changes = CompletableFuture.supplyAsync(() -> {
            try {
                return churner.query(way + " " + pause + " " + millis);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (!changes.isDone() && work.getAsBoolean()) {
            continue;
        }
        return changes.get();
    }

    private static boolean read(ProcessMaps maps, MapSnapshot snapshot, Counts counts) {
        try {
            maps.refresh(snapshot);
            counts.snapshots++;
            counts.readAgain += snapshot.retries() > 0 ? 1 : 0;
            counts.inconsistent += snapshot.isInconsistent() ? 1 : 0;
            return true;
        } catch (MapsException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean readStable(ProcessMaps maps, MapSnapshot snapshot, int reads, Counts counts) {
        try {
            maps.refresh(snapshot); // readStable must not start with the result of the previous call
            counts.snapshots++;
            counts.readAgain += maps.readStable(snapshot, reads - 1) ? 0 : 1;
            return true;
        } catch (MapsException e) {
            throw new IllegalStateException(e);
        }
    }
}
