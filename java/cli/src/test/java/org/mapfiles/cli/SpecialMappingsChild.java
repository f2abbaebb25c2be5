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

/** A process with odd mappings: native/test/odd_process.c. */
public final class SpecialMappingsChild implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final Map<String, AddressRange> made = new HashMap<>();

    /**
     * Starts it in an empty directory that any user can write to.
     *
     * @param arguments options of odd_process, in front of the directory
     */
    public SpecialMappingsChild(Path directory, List<String> arguments, String... labels) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> command = new ArrayList<>(List.of(System.getProperty("mapfiles.odd-process")));
        command.addAll(arguments);
        command.add(directory.toString());
        command.addAll(List.of(labels));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        output = process.inputReader(StandardCharsets.ISO_8859_1);
        for (String line = output.readLine(); line != null && !line.equals("READY"); line = output.readLine()) {
            String[] fields = line.split("\t");
            if (fields[0].equals("MADE")) {
                made.put(fields[1], AddressRange.parse(fields[2] + "-" + fields[3]));
            } else {
                System.out.println("odd_process: " + line);
            }
        }
    }

    public String pid() {
        return Long.toString(process.pid());
    }

    /** Null if this machine cannot make it. */
    public AddressRange range(String label) {
        return made.get(label);
    }

    /** Lets it do something, and returns the answer. */
    public String tell(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.ISO_8859_1));
        process.getOutputStream().flush();
        return output.readLine();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close(); // then it ends, and removes its files: Java has no path for some
        process.onExit().join();
    }
}
