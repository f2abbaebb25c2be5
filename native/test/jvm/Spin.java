import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program for the sampler: nearly all of its time is in one method. */
class Spin {
    public static void main(String[] arguments) throws IOException {
        long sum = 0;
        for (int i = 0; i < 2_000; i++) {
            sum += spin(i);
        }
        System.out.println("sum " + sum);
        Path timers = Path.of("/proc/self/timers"); // proc_pid_timers(5)
        if (Files.exists(timers)) {
            String own = "/tid." + Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
            System.out.println(
                    "timers " + Files.readAllLines(timers).stream().filter(line -> line.endsWith(own)).count());
        }
    }

    private static long spin(long seed) {
        long x = seed | 1;
        for (int i = 0; i < 500_000; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        return x;
    }
}
