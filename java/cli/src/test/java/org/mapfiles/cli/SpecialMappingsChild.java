package org.mapfiles.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mapfiles.cli.target.AddressRange;

/** A process with special mappings: native/test/special_process.c. */
public final class SpecialMappingsChild implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final Map<String, AddressRange> made = new HashMap<>();

    /**
     * Starts the process in an empty directory, which any user may then write to.
     *
     * @param arguments options of the program, before the directory
     */
    public SpecialMappingsChild(Path directory, List<String> arguments, String... labels) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> command = new ArrayList<>(List.of(System.getProperty("mapfiles.special-process")));
        command.addAll(arguments);
        command.add(directory.toString());
        command.addAll(List.of(labels));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader(StandardCharsets.ISO_8859_1);
        for (String line = output.readLine(); line != null && !line.equals("READY"); line = output.readLine()) {
            String[] fields = line.split("\t");
            if (fields[0].equals("MADE")) {
                made.put(fields[1], AddressRange.parse(fields[2] + "-" + fields[3]));
            } else {
                System.out.println("special_process: " + line);
            }
        }
        Await.untilItWaits(process.pid()); // until then it allocates memory
    }

    public Process process() {
        return process;
    }

    public String pid() {
        return Long.toString(process.pid());
    }

    /** Returns the range of a mapping; null if this machine cannot make it. */
    public AddressRange range(String label) {
        return made.get(label);
    }

    /** Sends a command, and returns the line that the process prints. */
    public String command(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.ISO_8859_1));
        process.getOutputStream().flush();
        return output.readLine();
    }

    /** Ends the process: it removes its files, of which some have no path in Java, and exits. */
    public void end() throws IOException {
        process.getOutputStream().close();
        process.onExit().join();
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
