package org.mapfiles.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
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
        footer = {"", "Example: mapfiles cat 4711 libfoo.so > libfoo.so"})
final class CatCommand implements Callable<Integer> {
    private static final int PART = 64 * 1024;

    @Parameters(index = "0", paramLabel = "PID|self", converter = Target.Converter.class,
            description = "The process; self: this JVM.")
    private Target target;

    @Parameters(index = "1", paramLabel = "RANGE|NAME",
            description = "The range of a whole mapping as 'mapfiles maps' prints it, start-end in hexadecimal, with or without 0x; or"
                    + " the name of a mapped file, or the last part of it.")
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
            } else {
                copyMemory(maps, mapping);
            }
        }
        return Main.OK;
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
            terminal.complain("process " + maps.pid() + " has no mapping " + FileName.shown(wanted) + whatThereIs(maps, snapshot));
        } else if (others.length() > 0) {
            terminal.complain(FileName.shown(wanted) + " is not the only one, name a range: " + describe(maps, found) + others);
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
        return range(mapping) + " " + FileName.of(maps, mapping).display();
    }

    private static String range(Mapping mapping) {
        return Long.toHexString(mapping.start()) + "-" + Long.toHexString(mapping.end());
    }

    private boolean isWanted(ProcessMaps maps, Mapping mapping) throws IOException {
        if (wanted.replaceFirst("^0[xX]", "").replaceFirst("-0[xX]", "-").equalsIgnoreCase(range(mapping))) {
            return true;
        }
        byte[] name = wanted.getBytes(StandardCharsets.UTF_8);
        if (mapping.nameLength() < name.length || name.length == 0) {
            return false;
        }
        byte[] raw = FileName.of(maps, mapping).raw();
        int from = raw.length - name.length;
        return from >= 0 && Arrays.equals(raw, from, raw.length, name, 0, name.length)
                && (from == 0 || name[0] != '/' && raw[from - 1] == '/');
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

    private void copyMemory(ProcessMaps maps, Mapping mapping) throws IOException {
        OutputStream out = terminal.out();
        byte[] part = new byte[PART];
        for (long address = mapping.start(); address != mapping.end(); ) {
            int length = (int) Math.min(PART, mapping.end() - address);
            int got = maps.readMemory(address, part, 0, length);
            if (got < 0) {
                throw new IOException("the memory of " + range(mapping) + " cannot be read from " + Long.toHexString(address) + " on");
            }
            out.write(part, 0, got);
            address += got;
        }
    }
}
