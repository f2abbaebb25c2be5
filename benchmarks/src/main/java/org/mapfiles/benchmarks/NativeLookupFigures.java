package org.mapfiles.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Address to mapping against what native samplers use, on addresses of one process with many libraries. */
final class NativeLookupFigures {
    private final Figures figures;
    private final Path bin;
    private final int rounds;

    NativeLookupFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 31 : 101;
    }

    void run() throws Exception {
        Path file = Files.createTempFile("mapfiles-addresses-", null);
        try (Harness other = new Harness(bin.resolve("native_lookup").toString(), file.toString())) {
            String size = other.line().replaceAll(".*, (\\d+) mappings", "$1");
            long[] addresses = addresses(file);
            try (ProcessMaps maps = ProcessMaps.of(other.pid())) {
                MapSnapshot snapshot = maps.snapshot();
                if (snapshot.find(addresses[0]) < 0) {
                    throw new IllegalStateException("the samples are not of that process");
                }
                compare("P5-dlfind", size, Goal.ratioAtLeast(1), snapshot, addresses, other, "_dl_find_object");
                compare("P5-dladdr", size, Goal.ratioAtLeast(100), snapshot, addresses, other, "dladdr");
                compare("P5-ioctl", size, Goal.ratioAtLeast(30), snapshot, addresses, other, "ioctl");
                compare("P5-c", size, null, snapshot, addresses, other, "mf_find");
                compare("P5-c-batch", size, null, snapshot, addresses, other, "mf_find_all");
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

    private void compare(String name, String size, Goal goal, MapSnapshot snapshot, long[] addresses, Harness other,
            String question) throws Exception {
        if (other.ask(question) == 0) {
            figures.skip(name, "this C library has no " + question);
            return;
        }
        figures.addOthers(name, size, Rounds.of(rounds, rounds, () -> find(snapshot, addresses), () -> other.ask(question)),
                question + " in C / find in Java", goal);
    }

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
