package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Processes to look at: at 200 mappings a plain JVM, above that a C program that maps what large JVMs do. */
final class Targets implements AutoCloseable {
    private final Harness process;
    private final Path directory;

    Targets(int mappings, Path bin) throws IOException {
        directory = Files.createTempDirectory("mapfiles-benchmark-");
        process = mappings <= 200
                ? new Harness(java(), "-cp", System.getProperty("java.class.path"), Sleeper.class.getName())
                : new Harness(bin.resolve("target").toString(), Integer.toString(mappings), directory.toString());
        process.line();
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        }
    }

    /** A plain JVM. */
    static final class Sleeper {
        private Sleeper() {
        }

        public static void main(String[] arguments) throws IOException {
            System.out.println("ready");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }
}
