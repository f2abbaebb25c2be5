package org.mapfiles.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/** Measures runs of the command line, from the start of its launcher to its end. */
final class CommandLineFigures {
    private static final int MAPPINGS = 60_000;
    private static final int ADDRESSES = 1_000_000;
    private static final int SYMBOLS = 10_000;

    private final Figures figures;
    private final Path bin;
    private final int rounds;

    CommandLineFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 5 : 15;
    }

    void run() throws Exception {
        String launcher = Path.of("mapfiles").toAbsolutePath().toString();
        time(null, launcher, "maps", "self"); // builds the command line if it is older than its sources
        figures.addMillis(
                "command-line-start",
                "self",
                Rounds.of(
                        1,
                        rounds,
                        () -> time(null, launcher, "maps", "self"),
                        () -> time(null, TargetProcess.java(), "-version")),
                "mapfiles maps self / java -version",
                Goal.ratioAtMost(1.5));
        launcher(launcher);
        newest(launcher);
        try (TargetProcess target = new TargetProcess(MAPPINGS, bin)) {
            String pid = Long.toString(target.pid());
            figures.addMillis(
                    "command-line-maps",
                    Integer.toString(MAPPINGS),
                    Rounds.of(
                            1,
                            rounds,
                            () -> time(null, launcher, "maps", pid),
                            () -> 3 * time(null, "pmap", pid) + time(null, TargetProcess.java(), "-version")),
                    "mapfiles maps / 3 pmap and one java -version",
                    Goal.ratioAtMost(1));
        }
        jvm(launcher);
        symbols(launcher);
        Path addresses = addresses();
        try (TargetProcess target = new TargetProcess(200, bin)) {
            String pid = Long.toString(target.pid());
            write(addresses, pid);
            figures.addMillis(
                    "command-line-resolve",
                    Integer.toString(ADDRESSES),
                    Rounds.of(
                            1,
                            rounds,
                            () -> time(addresses, launcher, "resolve", pid, "-", "--json"),
                            () -> time(addresses, launcher, "resolve", pid, "-")),
                    "mapfiles resolve - with --json / without",
                    Goal.measuredAtMost(1000));
        } finally {
            Files.delete(addresses);
        }
    }

    /** The memory of a JVM, compared with what the JVM itself reports of it. */
    private void jvm(String launcher) throws Exception {
        String command = Runtime.version().feature() >= 22 ? "System.map" : "VM.info";
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try (TargetProcess target = new TargetProcess(200, bin)) {
            String pid = Long.toString(target.pid());
            figures.addMillis(
                    "command-line-jvm",
                    "200",
                    Rounds.of(1, rounds, () -> time(null, launcher, "jvm", pid), () -> time(null, jcmd, pid, command)),
                    "mapfiles jvm / jcmd " + command,
                    null);
        }
    }

    /** The floor of the start: a JVM, and the launcher, here with a program in place of Java that ends immediately. */
    private void launcher(String launcher) throws Exception {
        Path home = Files.createTempDirectory("mapfiles-no-java-");
        Path program = Files.createDirectory(home.resolve("bin")).resolve("java");
        List<Path> links = List.of(home.resolve("lib"), home.resolve("release"));
        try {
            for (Path link : links) {
                Files.createSymbolicLink(
                        link, Path.of(System.getProperty("java.home")).resolve(link.getFileName()));
            }
            Files.writeString(program, "#!/bin/sh\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
            figures.addMillis(
                    "command-line-start-floor",
                    "self",
                    Rounds.of(
                            1,
                            rounds,
                            () -> time(null, "env", "JAVA_HOME=" + home, launcher, "maps", "self")
                                    + time(null, TargetProcess.java(), "-version"),
                            () -> time(null, TargetProcess.java(), "-version")),
                    "the launcher without Java and java -version / java -version",
                    null);
        } finally {
            Files.deleteIfExists(program);
            Files.deleteIfExists(program.getParent());
            for (Path link : links) {
                Files.deleteIfExists(link);
            }
            Files.delete(home);
        }
    }

    /** The start with the newest JDK of the system, if that is not the one that runs this. */
    private void newest(String launcher) throws Exception {
        Path newest = null;
        int version = Runtime.version().feature();
        try (DirectoryStream<Path> homes = Files.newDirectoryStream(Path.of("/usr/lib/jvm"))) {
            for (Path home : homes) {
                if (versionOf(home) > version) {
                    newest = home;
                    version = versionOf(home);
                }
            }
        } catch (NoSuchFileException e) {
            // no JDK of the system
        }
        if (newest == null) {
            figures.skip("command-line-start-newest", "no newer JDK is in /usr/lib/jvm");
            return;
        }
        Path directory = Files.createTempDirectory("mapfiles-archive-");
        try {
            String archive = "MAPFILES_CLASS_ARCHIVE=" + directory.resolve("classes.jsa");
            String java = newest.resolve("bin/java").toString();
            String home = "JAVA_HOME=" + newest;
            time(null, "env", home, archive, launcher, "--make-class-archive");
            figures.addMillis(
                    "command-line-start-newest",
                    "JDK" + version,
                    Rounds.of(
                            1,
                            rounds,
                            () -> time(null, "env", home, archive, launcher, "maps", "self"),
                            () -> time(null, "env", java, "-version")),
                    "mapfiles maps self / java -version, with the newest JDK",
                    Goal.ratioAtMost(1.5));
        } finally {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    /** Returns the feature version of a JDK; 0: the directory is none. */
    private static int versionOf(Path home) throws IOException {
        Path release = home.resolve("release");
        if (!Files.isRegularFile(release) || !Files.isExecutable(home.resolve("bin/java"))) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(release)) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION="))
                    .map(line -> line.substring("JAVA_VERSION=".length()).replace("\"", ""))
                    .mapToInt(version -> Runtime.Version.parse(version).feature())
                    .findFirst()
                    .orElse(0);
        }
    }

    /** Names the functions at addresses of libjvm.so of this JVM. A start of a JVM is the floor of the command line. */
    private void symbols(String launcher) throws Exception {
        Path addresses = addresses();
        Path elfAddresses = addresses();
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            MapCursor code = SymbolFigures.code(maps.snapshot());
            SymbolInfo info = new SymbolInfo();
            Symbols.of(maps, cache).locate(code, code.start(), info);
            long[] samples = new Random(17)
                    .longs(SYMBOLS, code.start(), code.end())
                    .sorted()
                    .toArray();
            write(addresses, samples, 0);
            write(elfAddresses, samples, info.elfAddress() - code.start());

            String[] llvm = {"llvm-symbolizer", "--no-inlines", "-e", SymbolFigures.LIBJVM.toString()};
            Rounds.Side peer;
            try {
                time(elfAddresses, llvm);
                peer = () -> time(elfAddresses, llvm);
            } catch (IOException absent) {
                figures.skip("command-line-symbols", "llvm-symbolizer is not there");
                return;
            }
            figures.addMillis(
                    "command-line-symbols",
                    Integer.toString(SYMBOLS),
                    Rounds.of(1, rounds, () -> time(addresses, launcher, "resolve", "" + maps.pid(), "-"), peer),
                    "mapfiles resolve - / llvm-symbolizer",
                    Goal.ratioAtMost(0.5));
            figures.addMillis(
                    "command-line-symbols-floor",
                    Integer.toString(SYMBOLS),
                    Rounds.of(1, rounds, () -> time(null, TargetProcess.java(), "-version"), peer),
                    "java -version / llvm-symbolizer",
                    null);
        } finally {
            Files.delete(addresses);
            Files.delete(elfAddresses);
        }
    }

    private static void write(Path file, long[] addresses, long difference) throws IOException {
        StringBuilder text = new StringBuilder();
        for (long address : addresses) {
            text.append("0x").append(Long.toHexString(address + difference)).append('\n');
        }
        Files.writeString(file, text);
    }

    private static Path addresses() throws IOException {
        return Files.createTempFile("mapfiles-addresses-", "");
    }

    /** Writes addresses in the code of a process. */
    private static void write(Path file, String pid) throws IOException {
        long[][] code = Files.readAllLines(Path.of("/proc/" + pid + "/maps")).stream()
                .filter(line -> line.contains(" r-xp ") && line.contains("/"))
                .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
                .map(range -> new long[] {Long.parseLong(range[0], 16), Long.parseLong(range[1], 16)})
                .toArray(long[][]::new);
        Random random = new Random(19);
        long[] addresses = new long[ADDRESSES];
        Arrays.setAll(addresses, i -> {
            long[] range = code[random.nextInt(code.length)];
            return range[0] + random.nextInt((int) (range[1] - range[0]));
        });
        write(file, addresses, 0);
    }

    /** Returns the nanoseconds of one run. */
    private static double time(Path input, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(input == null ? new File("/dev/null") : input.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        long begin = System.nanoTime();
        int code = builder.start().waitFor();
        double spent = System.nanoTime() - begin;
        if (code != 0) {
            throw new IOException(String.join(" ", command) + " has ended with exit code " + code);
        }
        return spent;
    }
}
