package org.mapfiles.cli.output;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.mapfiles.Deletion;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;

/** A mapping's name as commands print it: the kernel's deleted mark told apart, raw bytes kept where they are not UTF-8. */
public final class FileName {
    public static final FileName NONE = new FileName(new byte[0], Deletion.NOT_DELETED);

    private static final String SUFFIX = " (deleted)";

    private final byte[] raw;
    private final Deletion deletion;

    private FileName(byte[] raw, Deletion deletion) {
        this.raw = raw;
        this.deletion = deletion;
    }

    /** Asks the kernel about the deleted mark where the name alone does not tell. */
    public static FileName of(ProcessMaps maps, Mapping mapping) throws MapsException {
        byte[] raw = new byte[mapping.nameLength()];
        if (raw.length == 0) {
            return NONE;
        }
        mapping.name(raw, 0);
        Deletion deletion = mapping.deletion();
        if (deletion == Deletion.UNKNOWN) {
            deletion = MapFiles.of(maps).deletion(mapping);
            if (deletion == Deletion.DELETED) {
                raw = Arrays.copyOf(raw, raw.length - SUFFIX.length());
            }
        }
        return new FileName(raw, deletion);
    }

    /** As {@link #of}, of what may be gone already: the kernel is not asked. */
    public static FileName unasked(Mapping mapping) {
        byte[] raw = new byte[mapping.nameLength()];
        mapping.name(raw, 0);
        return raw.length == 0 ? NONE : new FileName(raw, mapping.deletion());
    }

    public static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    public byte[] raw() {
        return raw;
    }

    public Deletion deletion() {
        return deletion;
    }

    /** For people: escaped, and whether it is deleted. Empty without a name. */
    public String display() {
        if (raw.length == 0) {
            return "";
        }
        String name = Printable.text(raw);
        switch (deletion) {
            case DELETED:
                return name + SUFFIX;
            case UNKNOWN:
                return name + " (or really so called)";
            default:
                return name.endsWith(SUFFIX) ? name + " (really so called)" : name;
        }
    }

    /** A text as commands print it. */
    public static String shown(String text) {
        return Printable.text(text);
    }
}
