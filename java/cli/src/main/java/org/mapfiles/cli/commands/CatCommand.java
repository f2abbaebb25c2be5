package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
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
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressRange;
import org.mapfiles.cli.target.MappingArgument;
import org.mapfiles.cli.target.MemoryCopy;
import org.mapfiles.cli.target.Target;
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
        description =
                "Writes a mapped file to standard output: the whole file, byte for byte, even if it was deleted or"
                        + " replaced. For memory without a file, such as [vdso], writes the memory.",
        footer = {
            "",
            "Pages of memory that cannot be read are written as zeros. They are listed on stderr, and the"
                    + " exit code is 1.",
            "",
            "Example: mapfiles cat 4711 libfoo.so > libfoo.so"
        })
public final class CatCommand implements Callable<Integer> {
    /** Maximum number of ranges in a message. */
    private static final int MAX_LISTED = 20;

    @Parameters(
            index = "0",
            paramLabel = "PID|self",
            converter = Target.Converter.class,
            description = "The process; self: the JVM that runs this command.")
    private Target target;

    @Parameters(
            index = "1",
            paramLabel = "RANGE|NAME",
            description = "RANGE: start-end in hexadecimal, with or without 0x: the range of a mapping as 'mapfiles"
                    + " maps' prints it, or a part of memory without a file. NAME: the name of a mapping as"
                    + " 'mapfiles maps' prints it, its unescaped bytes, or the last part of its path.")
    private String name;

    @Option(names = "--unverified", description = "Also write a file that cannot be verified to be the mapped file.")
    private boolean unverified;

    private final Terminal terminal;

    public CatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
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
            return copyMemory(maps, argument.rangeIn(mapping));
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
            FileChannel channel = file.channel();
            Channels.newInputStream(channel).transferTo(terminal.out());
            if (file.verification() == Verification.SAME_BYTES || file.verification() == Verification.SAME_BUILD_ID) {
                file.verify(); // on overlayfs the path may lead to another file by now
            }
        }
    }

    /** Returns false if map_files entries cannot be followed. Then a device is not opened either. */
    private static boolean isDevice(ProcessMaps maps, Mapping mapping) throws IOException {
        MapFilesEntries entry = new MapFilesEntries();
        return MapFiles.of(maps).read(mapping, entry, EnumSet.of(MapFilesEntries.Field.STAT))
                && entry.statStatus() == FieldStatus.KNOWN
                && entry.isDevice();
    }

    private int copyMemory(ProcessMaps maps, AddressRange memory) throws IOException {
        List<AddressRange> holes = new MemoryCopy(maps, terminal.out()).write(memory);
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
