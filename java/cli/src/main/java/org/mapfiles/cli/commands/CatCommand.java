package org.mapfiles.cli.commands;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Progress;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressRange;
import org.mapfiles.cli.target.MappingArgument;
import org.mapfiles.cli.target.MemoryCopy;
import org.mapfiles.cli.target.Target;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MapFilesEntries.FieldStatus;
import org.mapfiles.files.MappedFile;
import org.mapfiles.files.MappedFile.Verification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the bytes of a mapped file, also of one that was deleted or replaced. */
@Command(
        name = "cat",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        abbreviateSynopsis = true,
        description = {
            "Writes a mapped file, even if it was deleted or replaced.",
            "It is written whole, byte for byte. Memory without a file is written as it is.",
            "",
            "Example: mapfiles cat 4711 libfoo.so --output libfoo.so",
            ""
        },
        footer = {
            "",
            "RANGE is start-end in hexadecimal, as 'mapfiles maps' prints it, or a part of memory without a file. NAME is"
                    + " the name of a mapping as printed, its unescaped bytes, or the last part of its path.",
            "--output gives FILE the mode (without set-user-ID) and the times of the mapped file, not its owner.",
            "Pages of memory that cannot be read are written as zeros. They are listed on stderr, and the exit code is 1."
        })
public final class CatCommand implements Callable<Integer> {
    /** Maximum number of ranges in a message. */
    private static final int MAX_LISTED = 20;

    private static final int CHUNK = 1 << 16;

    @Parameters(
            index = "0",
            paramLabel = "PID|self",
            converter = Converters.OfTarget.class,
            description = TargetOptions.DESCRIPTION + ".")
    private Target target;

    @Parameters(index = "1", paramLabel = "RANGE|NAME", description = "A mapping: see below.")
    private String name;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Write to a new file; -: to standard output, the default.")
    private Path output;

    @Option(names = "--force", description = "With --output: replace the file if it exists.")
    private boolean force;

    @Option(names = "--unverified", description = "Also a file that cannot be verified.")
    private boolean unverified;

    private final Terminal terminal;

    public CatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (output != null && output.toString().equals("-")) {
            output = null;
        }
        if (force && output == null) {
            throw new UsageException("--force needs --output FILE");
        }
        MappingArgument argument = new MappingArgument(name);
        try (ProcessMaps maps = target.open()) {
            MapCursor mapping = find(argument, maps, maps.snapshot());
            if (mapping == null) {
                return ExitCode.NOT_RESOLVED;
            }
            if (mapping.isFileBacked()) {
                copyFile(maps, mapping);
                return ExitCode.OK;
            }
            if (output == null) {
                return copyMemory(maps, argument.rangeIn(mapping), terminal.out());
            }
            try (NewFile file = new NewFile(output, force)) {
                int code = copyMemory(maps, argument.rangeIn(mapping), file.stream());
                file.keep(null);
                return code;
            }
        }
    }

    /** Returns the mapping that an argument names. Reports if there is none, or more than one, and returns null. */
    private MapCursor find(MappingArgument argument, ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        List<MapCursor> found = new ArrayList<>(); // one of each file, and all without a file
        BitSet files = new BitSet();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            boolean isListed = mapping.isFileBacked() && files.get(mapping.fileIndex());
            if (!isListed && argument.matches(maps, mapping)) {
                found.add(snapshot.cursor().seek(mapping.index()));
                if (mapping.isFileBacked()) {
                    files.set(mapping.fileIndex());
                }
            }
        }
        if (found.isEmpty()) {
            reportNone(argument, maps, snapshot);
        } else if (found.size() > 1) {
            reportSeveral(argument, maps, found);
        }
        return found.size() == 1 ? found.get(0) : null;
    }

    private void reportNone(MappingArgument argument, ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        int covering = argument.covering(snapshot);
        String why = argument.whyNoMapping(maps, snapshot);
        terminal.report("process " + maps.pid() + " has no mapping "
                + (name.isEmpty() ? "with an empty name" : argument) + ": "
                + (why != null
                        ? why
                        : "give the whole range of a mapping as 'mapfiles maps' prints it, or a name as 'mapfiles files' does")
                + (covering < 0
                        ? ""
                        : "; the mapping there is "
                                + describe(maps, snapshot.cursor().seek(covering))
                                        .stripTrailing()));
    }

    private void reportSeveral(MappingArgument argument, ProcessMaps maps, List<MapCursor> found) throws IOException {
        boolean areFiles = found.stream().allMatch(Mapping::isFileBacked);
        StringBuilder message = new StringBuilder(argument + " is the name of " + found.size()
                + (areFiles ? " files" : " mappings") + ", give the range of one: ");
        String separator = "";
        for (MapCursor mapping : found.subList(0, Math.min(found.size(), MAX_LISTED))) {
            message.append(separator).append(describe(maps, mapping));
            separator = ", ";
        }
        terminal.report(message + (found.size() > MAX_LISTED ? " and " + (found.size() - MAX_LISTED) + " more" : ""));
    }

    private static String describe(ProcessMaps maps, Mapping mapping) throws IOException {
        return AddressRange.of(mapping) + " " + FileName.of(maps, mapping).display();
    }

    private void copyFile(ProcessMaps maps, Mapping mapping) throws IOException {
        if (isDevice(maps, mapping)) {
            throw new IOException(describe(maps, mapping) + " is a device: it is not a file with an end");
        }
        try (MappedFile file = unverified
                ? MapFiles.of(maps).openUnverified(mapping)
                : MapFiles.of(maps).open(mapping)) {
            if (output == null) {
                copy(file, terminal.out());
                return;
            }
            try (NewFile copy = new NewFile(output, force)) {
                FileAttributes attributes =
                        FileAttributes.of(file.descriptor()); // before reading changes the time of access
                copy(file, copy.stream());
                copy.keep(attributes);
            }
        }
    }

    private void copy(MappedFile file, OutputStream to) throws IOException {
        FileChannel channel = file.channel();
        byte[] chunk = new byte[CHUNK];
        long written = 0;
        try (Progress progress = new Progress(terminal, "writing")) {
            InputStream in = Channels.newInputStream(channel);
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                to.write(chunk, 0, count);
                written += count;
                progress.update(written >> 20, channel.size() >> 20, "MiB");
            }
        }
        if (file.verification() == Verification.SAME_BYTES || file.verification() == Verification.SAME_BUILD_ID) {
            file.verify(); // on overlayfs the path may lead to another file by now
        }
    }

    /** Returns false if map_files entries cannot be followed. Then a device is not opened either. */
    private static boolean isDevice(ProcessMaps maps, Mapping mapping) throws IOException {
        MapFilesEntries entry = new MapFilesEntries();
        return MapFiles.of(maps).read(mapping, entry, EnumSet.of(MapFilesEntries.Field.STAT))
                && entry.statStatus() == FieldStatus.KNOWN
                && entry.isDevice();
    }

    private int copyMemory(ProcessMaps maps, AddressRange memory, OutputStream to) throws IOException {
        List<AddressRange> holes = new MemoryCopy(maps, to).write(memory);
        if (holes.isEmpty()) {
            return ExitCode.OK;
        }
        if (holes.get(0).equals(memory)) {
            throw new IOException("no byte of the memory of " + memory + " can be read");
        }
        StringBuilder message = new StringBuilder("these ranges cannot be read, and were written as zeros:");
        for (AddressRange hole : holes.subList(0, Math.min(holes.size(), MAX_LISTED))) {
            message.append(' ').append(hole);
        }
        terminal.flush();
        terminal.report(message + (holes.size() > MAX_LISTED ? " and " + (holes.size() - MAX_LISTED) + " more" : ""));
        return ExitCode.NOT_RESOLVED;
    }
}
