package org.mapfiles.cli;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.EntryPart;
import org.mapfiles.EntryStatus;
import org.mapfiles.FileEntries;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappedFile;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.Proof;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The bytes of a mapped file, also of one that was deleted or replaced. */
@Command(name = "cat", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Writes a mapped file to standard output, whole and byte for byte, also if it was deleted or replaced;"
                + " of memory without a file, such as [vdso], the memory.",
        footer = {"", "Pages of memory that cannot be read are written as zeros. They are listed on stderr, and the exit code is 1.",
            "", "Example: mapfiles cat 4711 libfoo.so > libfoo.so"})
final class CatCommand implements Callable<Integer> {
    /** Ranges that a message lists. */
    private static final int MAX_LISTED = 20;

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

    CatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        try (ProcessMaps maps = target.open()) {
            MapCursor mapping = find(maps, maps.snapshot());
            if (mapping == null) {
                return Main.NOT_RESOLVED;
            }
            if (mapping.isFileBacked()) {
                copyFile(maps, mapping);
                return Main.OK;
            }
            return copyMemory(maps, isPart(mapping) ? AddressRange.parse(wanted) : AddressRange.of(mapping));
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
        int index = HexLines.isAddress(address, 0, address.length) ? snapshot.find(HexLines.address(address, 0, address.length)) : -1;
        return ": name the range of a whole one as 'mapfiles maps' prints it, or a file as 'mapfiles files' does"
                + (index < 0 ? "" : "; there is " + describe(maps, snapshot.cursor().seek(index)).stripTrailing());
    }

    private static String describe(ProcessMaps maps, Mapping mapping) throws IOException {
        return AddressRange.of(mapping) + " " + FileName.of(maps, mapping).display();
    }

    /** Numbers are compared as numbers, and names as bytes: those that were typed, or those of the printed form. */
    private boolean isWanted(ProcessMaps maps, Mapping mapping) throws IOException {
        AddressRange range = AddressRange.parse(wanted);
        if (range != null && range.equals(AddressRange.of(mapping)) || isPart(mapping)) {
            return true;
        }
        if (mapping.nameLength() == 0) {
            return false;
        }
        FileName name = FileName.of(maps, mapping);
        byte[] printed = Printable.text(name.raw()).getBytes(StandardCharsets.UTF_8);
        return isLastPart(Arguments.bytes(wanted), name.raw()) || isLastPart(Arguments.bytes(wanted), printed)
                || wanted.equals(name.display());
    }

    /** Of memory a part is written; a file is written whole. */
    private boolean isPart(Mapping mapping) {
        AddressRange range = AddressRange.parse(wanted);
        return range != null && !mapping.isFileBacked() && AddressRange.of(mapping).contains(range);
    }

    private static boolean isLastPart(byte[] part, byte[] name) {
        int from = name.length - part.length;
        return part.length > 0 && from >= 0 && Arrays.equals(name, from, name.length, part, 0, part.length)
                && (from == 0 || part[0] != '/' && name[from - 1] == '/');
    }

    private void copyFile(ProcessMaps maps, Mapping mapping) throws IOException {
        if (isDevice(maps, mapping)) {
            throw new IOException(describe(maps, mapping) + " is a device: it holds no bytes that end");
        }
        try (MappedFile file = unverified ? maps.files().openUnverified(mapping) : maps.files().open(mapping)) {
            FileChannel channel = file.channel();
            Channels.newInputStream(channel).transferTo(terminal.out());
            if (file.proof() == Proof.SAME_BYTES || file.proof() == Proof.SAME_BUILD_ID) {
                file.prove(); // on overlayfs it may have turned to another file meanwhile
            }
        }
    }

    /** Known where entries may be followed; otherwise none is opened. */
    private static boolean isDevice(ProcessMaps maps, Mapping mapping) throws IOException {
        FileEntries entry = new FileEntries();
        return maps.files().read(mapping, entry, EnumSet.of(EntryPart.STAT)) && entry.statStatus() == EntryStatus.KNOWN
                && entry.isDevice();
    }

    private int copyMemory(ProcessMaps maps, AddressRange range) throws IOException {
        List<AddressRange> holes = new MemoryCopy(maps, terminal.out()).write(range);
        if (holes.isEmpty()) {
            return Main.OK;
        }
        if (holes.get(0).equals(range)) {
            throw new IOException("no byte of the memory of " + range + " can be read");
        }
        StringBuilder message = new StringBuilder("cannot be read, and written as zeros:");
        for (AddressRange hole : holes.subList(0, Math.min(holes.size(), MAX_LISTED))) {
            message.append(' ').append(hole);
        }
        terminal.flush();
        terminal.complain(message + (holes.size() > MAX_LISTED ? " and " + (holes.size() - MAX_LISTED) + " more ranges" : ""));
        return Main.NOT_RESOLVED;
    }
}
