package org.mapfiles.benchmarks;

import java.io.IOException;
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
                compare("P5-dlfind", size, "Java find / _dl_find_object in C, goal >= 1", snapshot, addresses, other, "_dl_find_object");
                compare("P5-dladdr", size, "Java find / dladdr in C, goal >= 100", snapshot, addresses, other, "dladdr");
                compare("P5-ioctl", size, "Java find / one PROCMAP_QUERY in C, goal >= 30", snapshot, addresses, other, "ioctl");
                compare("P5-c", size, "Java find / mf_find in C", snapshot, addresses, other, "mf_find");
                compare("P5-c-batch", size, "Java find / mf_find_all in C", snapshot, addresses, other, "mf_find_all");
            }
        } finally {
            Files.delete(file);
        }
    }

    private static long[] addresses(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        long[] addresses = new long[bytes.remaining() / Long.BYTES];
        bytes.asLongBuffer().get(addresses);
        return addresses;
    }

    private void compare(String name, String size, String what, MapSnapshot snapshot, long[] addresses, Harness other,
            String question) throws IOException {
        double[] ours = new double[rounds];
        double[] theirs = new double[rounds];
        for (int i = 0; i < 200; i++) {
            find(snapshot, addresses);
        }
        for (int i = 0; i < rounds; i++) {
            theirs[i] = other.ask(question);
            ours[i] = find(snapshot, addresses);
        }
        if (Figures.median(theirs) == 0) {
            figures.skip(name, "this C library has no " + question);
            return;
        }
        figures.add(name, size, Figures.medianRatio(theirs, ours), Figures.median(ours), Figures.median(theirs), "ns",
                what.replace("Java find / ", "").replaceFirst("(?=, goal|$)", " / ours in Java"));
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
