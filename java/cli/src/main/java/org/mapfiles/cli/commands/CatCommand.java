package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Printable;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressRange;
import org.mapfiles.cli.target.AddressReader;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.MemoryCopy;
import org.mapfiles.cli.target.Target;
import org.mapfiles.files.EntryField;
import org.mapfiles.files.FieldStatus;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MappedFile;
import org.mapfiles.files.Verification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The bytes of a mapped file, also of one that was deleted or replaced. */
@Command(name = "cat", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Writes a mapped file to standard output, whole and byte for byte, also if it was deleted or replaced;"
                + " of memory without a file, such as [vdso], the memory.",
        footer = {"", "Pages of memory that cannot be read are written as zeros. They are listed on stderr, and the exit code is 1.",
            "", "Example: mapfiles cat 4711 libfoo.so > libfoo.so"})
public final class CatCommand implements Callable<Integer> {
    /** Ranges that a message lists. */
    private static final int MAX_LISTED = 20;
    private static final String SUFFIX = " (deleted)";

    @Parameters(index = "0", paramLabel = "PID|self", converter = Target.Converter.class,
            description = "The process; self: this JVM.")
    private Target target;

    @Parameters(index = "1", paramLabel = "RANGE|NAME",
            description = "A range, start-end in hexadecimal, with or without 0x: that of a mapping as 'mapfiles maps' prints it, or a"
                    + " part of memory without a file. Or the name of a mapping as it is or as 'mapfiles maps' prints it, or the last part"
                    + " of its path.")
    private String wanted;

    @Option(names = "--unverified", description = "Also a file of which nothing proves that it is the mapped one.")
    private boolean unverified;

    private final Terminal terminal;
    /** What is wanted: its bytes, and the range that it is or null. */
    private byte[] typed;
    private AddressRange range;

    public CatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        typed = Arguments.bytes(wanted);
        range = AddressRange.parse(wanted);
        try (ProcessMaps maps = target.open()) {
            MapCursor mapping = find(maps, maps.snapshot());
            if (mapping == null) {
                return ExitCode.NOT_RESOLVED;
            }
            if (mapping.isFileBacked()) {
                copyFile(maps, mapping);
                return ExitCode.OK;
            }
            return copyMemory(maps, isPart(mapping) ? range : AddressRange.of(mapping));
        }
    }

    private MapCursor find(ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        MapCursor found = null;
        StringBuilder others = new StringBuilder();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            if (!isWanted(maps, mapping)) {
                continue;
            }
            if (found == null) {
                found = snapshot.cursor().seek(mapping.index());
            } else if (found.fileIndex() != mapping.fileIndex() || !mapping.isFileBacked()) {
                others.append(", ").append(describe(maps, mapping));
            }
        }
        if (found == null) {
            terminal.complain("process " + maps.pid() + " has no mapping " + Arguments.shown(wanted) + whatThereIs(maps, snapshot));
        } else if (others.length() > 0) {
            terminal.complain(Arguments.shown(wanted) + " is not the only one, name a range: " + describe(maps, found) + others);
            return null;
        }
        return found;
    }

    /** Goes on a sentence. */
    private String whatThereIs(ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        byte[] address = wanted.split("-", 2)[0].getBytes(StandardCharsets.UTF_8);
        int index = AddressReader.isAddress(address, 0, address.length) ? snapshot.find(AddressReader.address(address, 0, address.length)) : -1;
        return ": name the range of a whole one as 'mapfiles maps' prints it, or a file as 'mapfiles files' does"
                + (index < 0 ? "" : "; there is " + describe(maps, snapshot.cursor().seek(index)).stripTrailing());
    }

    private static String describe(ProcessMaps maps, Mapping mapping) throws IOException {
        return AddressRange.of(mapping) + " " + FileName.of(maps, mapping).display();
    }

    /** Numbers are compared as numbers, and names as bytes: those that were typed, or those of the printed form. */
    private boolean isWanted(ProcessMaps maps, Mapping mapping) throws IOException {
        if (range != null && range.equals(AddressRange.of(mapping)) || isPart(mapping)) {
            return true;
        }
        byte[] unasked = FileName.unasked(mapping).raw();
        byte[] suffix = SUFFIX.getBytes(StandardCharsets.US_ASCII);
        byte[] cut = isLastBytes(suffix, unasked) ? Arrays.copyOf(unasked, unasked.length - suffix.length) : unasked;
        if (unasked.length == 0 || !isNamed(unasked) && !isNamed(cut) && !wanted.endsWith(")")) {
            return false; // whatever the kernel would say of the suffix, which takes a dozen system calls
        }
        FileName name = FileName.of(maps, mapping);
        return isNamed(name.raw()) || wanted.equals(name.display());
    }

    /** Of memory a part is written; a file is written whole. */
    private boolean isPart(Mapping mapping) {
        return range != null && !mapping.isFileBacked() && AddressRange.of(mapping).contains(range);
    }

    private boolean isNamed(byte[] name) {
        return isLastPart(typed, name) || isLastPart(typed, Printable.text(name).getBytes(StandardCharsets.UTF_8));
    }

    private static boolean isLastBytes(byte[] last, byte[] name) {
        int from = name.length - last.length;
        return from >= 0 && Arrays.equals(name, from, name.length, last, 0, last.length);
    }

    private static boolean isLastPart(byte[] part, byte[] name) {
        int from = name.length - part.length;
        return part.length > 0 && isLastBytes(part, name) && (from == 0 || part[0] != '/' && name[from - 1] == '/');
    }

    private void copyFile(ProcessMaps maps, Mapping mapping) throws IOException {
        if (isDevice(maps, mapping)) {
            throw new IOException(describe(maps, mapping) + " is a device: it holds no bytes that end");
        }
        try (MappedFile file = unverified ? MapFiles.of(maps).openUnverified(mapping) : MapFiles.of(maps).open(mapping)) {
            FileChannel channel = file.channel();
            Channels.newInputStream(channel).transferTo(terminal.out());
            if (file.verification() == Verification.SAME_BYTES || file.verification() == Verification.SAME_BUILD_ID) {
                file.verify(); // on overlayfs it may have turned to another file meanwhile
            }
        }
    }

    /** Known where entries may be followed; otherwise none is opened. */
    private static boolean isDevice(ProcessMaps maps, Mapping mapping) throws IOException {
        MapFilesEntries entry = new MapFilesEntries();
        return MapFiles.of(maps).read(mapping, entry, EnumSet.of(EntryField.STAT)) && entry.statStatus() == FieldStatus.KNOWN
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
        StringBuilder message = new StringBuilder("cannot be read, and written as zeros:");
        for (AddressRange hole : holes.subList(0, Math.min(holes.size(), MAX_LISTED))) {
            message.append(' ').append(hole);
        }
        terminal.flush();
        terminal.complain(message + (holes.size() > MAX_LISTED ? " and " + (holes.size() - MAX_LISTED) + " more ranges" : ""));
        return ExitCode.NOT_RESOLVED;
    }
}
