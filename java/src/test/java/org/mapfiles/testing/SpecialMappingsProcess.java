package org.mapfiles.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;

/**
 * A child process that makes special mappings, reports them, and executes commands: native/test/special_process.c. It
 * is started before each test, in its own directory, and ended after it.
 */
public final class SpecialMappingsProcess implements BeforeEachCallback, AfterEachCallback {
    /** Mappings that this machine cannot make, with the reason; each is printed once. */
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private final List<String> arguments;
    private final List<String> labels;
    private final List<Made> made = new ArrayList<>();
    private Path directory;
    private String fileSystem;
    private Process process;
    private BufferedReader output;
    private ProcessMaps maps;

    /**
     * A mapping as the child reports it.
     *
     * @param line the current line, with a name without the suffix of the kernel
     * @param isInodeKnown false if only the kernel has the inode number; the line then has 0
     */
    public record Made(String label, MapsLine line, boolean isInodeKnown, Mapping.Kind kind, boolean isDeleted) {}

    private SpecialMappingsProcess(List<String> arguments, List<String> labels) {
        this.arguments = arguments;
        this.labels = labels;
    }

    /** Makes all special mappings. */
    public static SpecialMappingsProcess full() {
        return new SpecialMappingsProcess(List.of(), List.of());
    }

    /**
     * Makes all but the path that is longer than a page, which the kernel's query does not support: all other labels
     * start with one of these letters.
     */
    public static SpecialMappingsProcess queryable() {
        return with("a", "b", "d", "e", "g", "h", "le", "li", "m", "n", "o", "p", "r", "s", "t", "u", "z");
    }

    /** Makes the mappings whose labels have these prefixes. */
    public static SpecialMappingsProcess with(String... labels) {
        return new SpecialMappingsProcess(List.of(), List.of(labels));
    }

    /** Makes the mappings with these prefixes as the user nobody. */
    public static SpecialMappingsProcess ofNobody(String... labels) {
        return new SpecialMappingsProcess(List.of("--uid", "65534"), List.of(labels));
    }

    /** Makes the mappings as the user nobody, in a process that is not dumpable. */
    public static SpecialMappingsProcess undumpable() {
        return new SpecialMappingsProcess(List.of("--uid", "65534", "--undumpable"), List.of("plain"));
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        start();
    }

    public void start() throws Exception {
        String program = System.getProperty("mapfiles.special-process");
        if (program == null) {
            throw new IllegalStateException("the build says by -Dmapfiles.special-process= where special_process is");
        }
        directory = Files.createTempDirectory("odd").toRealPath();
        fileSystem = Files.getFileStore(directory).type();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(arguments);
        command.add(directory.toString());
        command.addAll(labels);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), ISO_8859_1));
        readReport();
        Children.await("it waits for its input", () -> Children.state(process.pid()) == 'S'); // until then it allocates
        maps = ProcessMaps.of(process.pid());
    }

    /**
     * Returns whether the numbers of stat(2), which the child reports, equal those of maps: not on btrfs and overlayfs.
     */
    public boolean knowsNumbersOfFiles() {
        return !fileSystem.equals("btrfs") && !fileSystem.equals("overlay");
    }

    private void readReport() throws IOException {
        made.clear();
        for (String line = next(); !line.equals("READY"); line = next()) {
            String[] fields = line.split("\t", -1);
            if (fields[0].equals("MADE")) {
                made.add(parse(fields));
            } else if (SAID.add(line)) {
                System.out.println("special_process: " + line);
            }
        }
    }

    private static Made parse(String[] fields) {
        String name = fields[11].equals("-") ? "" : new String(HexFormat.of().parseHex(fields[11]), ISO_8859_1);
        boolean isInodeKnown = !fields[8].equals("-");
        MapsLine line = new MapsLine(
                Long.parseUnsignedLong(fields[2], 16),
                Long.parseUnsignedLong(fields[3], 16),
                fields[4],
                Long.parseUnsignedLong(fields[5], 16),
                Integer.parseInt(fields[6]),
                Integer.parseInt(fields[7]),
                isInodeKnown ? Long.parseUnsignedLong(fields[8]) : 0,
                name);
        return new Made(
                fields[1],
                line,
                isInodeKnown,
                Mapping.Kind.valueOf(fields[9].toUpperCase(Locale.ROOT)),
                fields[10].equals("yes"));
    }

    private String next() throws IOException {
        String line = output.readLine();
        if (line == null) {
            throw new IOException(
                    "special_process ended: exit " + process.onExit().join().exitValue());
        }
        return line;
    }

    /** Sends a command to the child, and returns the reply after OK. */
    public String command(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(ISO_8859_1));
        process.getOutputStream().flush();
        String reply = next();
        if (!reply.startsWith("OK")) {
            throw new IOException(command + ": " + reply);
        }
        return reply.substring(2).strip();
    }

    /** Makes the child execute its program again (execve(2)), with new mappings. */
    public void exec() throws Exception {
        process.getOutputStream().write("exec\n".getBytes(ISO_8859_1));
        process.getOutputStream().flush();
        String reply = next();
        if (!reply.equals("EXECED")) {
            throw new IOException(reply);
        }
        readReport();
        Children.await("it waits for its input", () -> Children.state(process.pid()) == 'S');
    }

    public List<Made> made() {
        return made;
    }

    public Made made(String label) {
        return made.stream()
                .filter(one -> one.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException(label));
    }

    public long pid() {
        return process.pid();
    }

    /** Returns the opened child; it is closed after the test. */
    public ProcessMaps maps() {
        return maps;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        stop();
    }

    public void stop() throws IOException, InterruptedException {
        if (maps != null) {
            maps.close();
        }
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
        if (directory != null) { // it has names that Java cannot represent
            new ProcessBuilder(Arrays.asList("rm", "-rf", directory.toString()))
                    .start()
                    .waitFor();
        }
    }
}
