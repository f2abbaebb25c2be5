package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A target process. With up to 200 mappings it is a plain JVM; with more it is a C program with the mappings of a large
 * JVM.
 */
final class TargetProcess implements AutoCloseable {
    private final ChildProgram process;
    private final Path directory;

    TargetProcess(int mappings, Path bin) throws IOException {
        directory = Files.createTempDirectory("mapfiles-benchmark-");
        process = mappings <= 200
                ? new ChildProgram(java(), "-cp", System.getProperty("java.class.path"), Sleeper.class.getName())
                : new ChildProgram(bin.resolve("target").toString(), Integer.toString(mappings), directory.toString());
        process.line();
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    long pid() {
        return process.pid();
    }

    /** Changes the permissions of one mapping. The process must be a C program. */
    void changeOne() throws IOException {
        process.query("");
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
        private Sleeper() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println("ready");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }
}
