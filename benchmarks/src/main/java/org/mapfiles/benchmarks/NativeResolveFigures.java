package org.mapfiles.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Compares {@link MapSnapshot#find} with the functions that native samplers use, on addresses in many libraries. */
final class NativeResolveFigures {
    private final Figures figures;
    private final Path bin;
    private final int rounds;

    NativeResolveFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 31 : 101;
    }

    void run() throws Exception {
        Path file = Files.createTempFile("mapfiles-addresses-", null);
        try (ChildProgram target =
                new ChildProgram(bin.resolve("native_resolve").toString(), file.toString())) {
            String size = target.line().replaceAll(".*, (\\d+) mappings", "$1");
            long[] addresses = addresses(file);
            try (ProcessMaps maps = ProcessMaps.of(target.pid())) {
                MapSnapshot snapshot = maps.snapshot();
                if (snapshot.find(addresses[0]) < 0) {
                    throw new IllegalStateException("the target does not map the samples");
                }
                compare(
                        "resolve-dl-find-object",
                        size,
                        Goal.ratioAtLeast(1),
                        snapshot,
                        addresses,
                        target,
                        "_dl_find_object");
                compare("resolve-dladdr", size, Goal.ratioAtLeast(100), snapshot, addresses, target, "dladdr");
                compare("resolve-ioctl", size, Goal.ratioAtLeast(30), snapshot, addresses, target, "ioctl");
                compare("resolve-c", size, null, snapshot, addresses, target, "mf_find");
                compare("resolve-c-batch", size, null, snapshot, addresses, target, "mf_find_all");
            }
        } finally {
            Files.delete(file);
        }
    }

    private static long[] addresses(Path file) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        long[] addresses = new long[bytes.remaining() / Long.BYTES];
        bytes.asLongBuffer().get(addresses);
        return addresses;
    }

    private void compare(
            String name,
            String size,
            Goal goal,
            MapSnapshot snapshot,
            long[] addresses,
            ChildProgram target,
            String function)
            throws Exception {
        if (target.query(function) == 0) {
            figures.skip(name, "this C library has no " + function);
            return;
        }
        figures.addInverse(
                name,
                size,
                Rounds.of(rounds, rounds, () -> find(snapshot, addresses), () -> target.query(function)),
                function + " in C / find in Java",
                goal);
    }

    @SuppressWarnings("UnusedVariable") // what is written to a field is not optimised away
    private static int sink;

    private static double find(MapSnapshot snapshot, long[] addresses) {
        long begin = System.nanoTime();
        int sum = 0;
        for (long address : addresses) {
            sum += snapshot.find(address);
        }
        sink = sum;
        return (double) (System.nanoTime() - begin) / addresses.length;
    }
}
