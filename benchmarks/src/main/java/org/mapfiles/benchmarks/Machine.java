package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The kind of a machine. It has no host name: figures of equal machines replace each other. */
record Machine(int cores, String processor, String kernel, String jdk) {
    /** Returns the kind of this machine. Call it before {@link OneProcessor} restricts the thread. */
    static Machine current() throws IOException {
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                processor(Files.readAllLines(Path.of("/proc/cpuinfo"))),
                System.getProperty("os.version"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    }

    /** Returns the model of the processor, or the architecture: aarch64 has no "model name" in /proc/cpuinfo. */
    static String processor(List<String> cpuinfo) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    /** Returns the name of the file of this kind's figures. */
    String fileName() {
        return cores + "-cores-"
                + processor
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9]+", "-")
                        .replaceAll("^-|-$", "") + ".txt";
    }

    /** Returns the head of a file of figures: comment lines. */
    String head() {
        return "# cores: " + cores + "\n# processor: " + processor + "\n# kernel: " + kernel + "\n# JDK: " + jdk + "\n";
    }
}
