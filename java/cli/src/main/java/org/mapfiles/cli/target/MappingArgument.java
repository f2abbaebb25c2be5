package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.Printable;

/**
 * An argument that names a mapping: by its range, or by its name. Ranges are compared as numbers. Names are compared as
 * bytes, with the mapping's own name and with the name as commands print it.
 */
public final class MappingArgument {
    private static final byte[] DELETED_SUFFIX = FileName.DELETED_SUFFIX.getBytes(StandardCharsets.US_ASCII);

    private final String argument;
    private final byte[] bytes;
    /** Null: the argument is not a range. */
    private final AddressRange range;

    public MappingArgument(String argument) {
        this.argument = argument;
        this.bytes = Arguments.bytes(argument);
        this.range = AddressRange.parse(argument);
    }

    /** Returns whether the argument names a mapping, or a part of memory without a file that is within the mapping. */
    public boolean matches(ProcessMaps maps, Mapping mapping) throws IOException {
        if (range != null && range.equals(AddressRange.of(mapping)) || isPart(mapping)) {
            return true;
        }
        byte[] name = FileName.withoutQuery(mapping).raw();
        byte[] withoutSuffix =
                endsWith(name, DELETED_SUFFIX) ? Arrays.copyOf(name, name.length - DELETED_SUFFIX.length) : name;
        if (name.length == 0 || !isNamed(name) && !isNamed(withoutSuffix) && !argument.endsWith(")")) {
            return false; // before the query for the suffix, which is a dozen system calls
        }
        FileName queried = FileName.of(maps, mapping);
        return isNamed(queried.raw()) || argument.equals(queried.display());
    }

    /**
     * Returns the bytes of a mapping that the argument names: of memory without a file a part, else the whole mapping.
     */
    public AddressRange rangeIn(Mapping mapping) {
        return isPart(mapping) ? range : AddressRange.of(mapping);
    }

    /**
     * Returns why the argument names no mapping, if that follows from the argument or from a link at this path.
     *
     * @return the beginning of a sentence; null: unknown
     */
    public String whyNoMapping(ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        if (argument.isEmpty() || argument.equals(FileName.ANONYMOUS)) { // as 'mapfiles resolve' and 'count' print it
            return "memory without a name is given by its range, as 'mapfiles maps' prints it";
        }
        Path real = argument.startsWith("/") ? realPath() : null;
        if (real != null) {
            MappingArgument other = new MappingArgument(real.toString());
            for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                if (other.matches(maps, mapping)) {
                    return "that path leads through a symbolic link to the mapped file " + other + ": give that name";
                }
            }
        }
        return null;
    }

    /** Returns the path without symbolic links; null if there are none in it, or it leads nowhere. */
    private Path realPath() {
        try {
            Path real = Path.of(argument).toRealPath();
            return real.toString().equals(argument) ? null : real;
        } catch (IOException | InvalidPathException noFile) {
            return null;
        }
    }

    /** Returns the mapping that covers the beginning of the argument, if that is an address; -1: none. */
    public int covering(MapSnapshot snapshot) {
        byte[] start = argument.split("-", 2)[0].getBytes(StandardCharsets.UTF_8);
        return HexAddress.isAddress(start, 0, start.length)
                ? snapshot.find(HexAddress.parse(start, 0, start.length))
                : -1;
    }

    /** Returns the argument, escaped. */
    @Override
    public String toString() {
        return Arguments.display(argument);
    }

    private boolean isPart(Mapping mapping) {
        return range != null
                && !mapping.isFileBacked()
                && AddressRange.of(mapping).contains(range);
    }

    private boolean isNamed(byte[] name) {
        return isLastPart(bytes, name) || isLastPart(bytes, Printable.text(name).getBytes(StandardCharsets.UTF_8));
    }

    /** Returns whether bytes are a whole name, or the last parts of a path. */
    private static boolean isLastPart(byte[] part, byte[] name) {
        int from = name.length - part.length;
        return part.length > 0 && endsWith(name, part) && (from == 0 || part[0] != '/' && name[from - 1] == '/');
    }

    private static boolean endsWith(byte[] name, byte[] end) {
        int from = name.length - end.length;
        return from >= 0 && Arrays.equals(name, from, name.length, end, 0, end.length);
    }
}
