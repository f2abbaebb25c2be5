package org.mapfiles.resident;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Children;

/** A child process whose pages are of known categories: native/test/resident/resident_target.c. */
final class ResidentTarget implements BeforeEachCallback, AfterEachCallback {
    private static final Set<String> SKIPPED = ConcurrentHashMap.newKeySet();

    private final List<Made> made = new ArrayList<>();
    private Path file;
    private Process process;
    private ProcessMaps maps;

    /** A mapping with the expected bytes. */
    record Made(String label, long start, long end, long file, long anonymous, long zero, long huge, long swapped) {
        static Made of(String[] fields) {
            return new Made(
                    fields[1],
                    Long.parseUnsignedLong(fields[2], 16),
                    Long.parseUnsignedLong(fields[3], 16),
                    Long.parseLong(fields[4]),
                    Long.parseLong(fields[5]),
                    Long.parseLong(fields[6]),
                    Long.parseLong(fields[7]),
                    Long.parseLong(fields[8]));
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        made.clear();
        file = Files.createTempFile("resident", "");
        Path program = Path.of(System.getProperty("mapfiles.special-process")).resolveSibling("resident_target");
        process = new ProcessBuilder(program.toString(), file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader report =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = report.readLine(); !line.equals("READY"); line = report.readLine()) {
            if (line.startsWith("MADE")) {
                made.add(Made.of(line.split(" ")));
            } else if (SKIPPED.add(line)) {
                System.out.println("resident_target: " + line);
            }
        }
        Children.await(
                "it waits for its input", () -> Children.state(process.pid()) == 'S'); // until then it touches pages
        maps = ProcessMaps.of(process.pid());
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        if (maps != null) {
            maps.close();
        }
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
        Files.deleteIfExists(file);
    }

    List<Made> made() {
        return made;
    }

    ProcessMaps maps() {
        return maps;
    }

    void exit() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
