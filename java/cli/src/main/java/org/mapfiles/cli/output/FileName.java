package org.mapfiles.cli.output;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;

/**
 * A mapping's name as commands print it: its bytes without the kernel's mark of deleted files, and whether the file is
 * deleted.
 */
public final class FileName {
    public static final FileName NONE = new FileName(new byte[0], Deletion.NOT_DELETED);

    /** The kernel's mark of deleted files. A file name may end in it too. */
    public static final String DELETED_SUFFIX = " (deleted)";

    /** How memory without a name is shown where a name is. */
    public static final String ANONYMOUS = "[anonymous]";

    private final byte[] raw;
    private final Deletion deletion;

    private FileName(byte[] raw, Deletion deletion) {
        this.raw = raw;
        this.deletion = deletion;
    }

    /** Returns the name of a mapping. Queries the kernel if the name ends in {@value #DELETED_SUFFIX}. */
    public static FileName of(ProcessMaps maps, Mapping mapping) throws MapsException {
        return withoutQuery(
                mapping.deletion() == Deletion.UNKNOWN ? MapFiles.of(maps).resolveName(mapping) : mapping);
    }

    /** Returns the name of a mapping, without a query: the mapping may be unmapped by now. */
    public static FileName withoutQuery(Mapping mapping) {
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

    /** Returns the bytes of the name, without the mark if that is known to be the kernel's; empty without a name. */
    public byte[] raw() {
        return raw;
    }

    public Deletion deletion() {
        return deletion;
    }

    /** Returns the name as text output shows it, escaped and marked if the file is deleted; empty without a name. */
    public String display() {
        return raw.length == 0 ? "" : display(raw, deletion);
    }

    /** Returns a name as it is displayed, or {@value #ANONYMOUS} in place of an empty one. */
    static String orAnonymous(String name) {
        return name.isEmpty() ? ANONYMOUS : name;
    }

    /** Returns some bytes as {@link #display()} shows a name of them. */
    public static String display(byte[] raw, Deletion deletion) {
        String name = Printable.text(raw);
        switch (deletion) {
            case DELETED:
                return name + DELETED_SUFFIX;
            case UNKNOWN:
                return withoutSuffix(name) + " (deleted?)";
            default:
                return name.endsWith(DELETED_SUFFIX) ? name + " (its real name)" : name;
        }
    }

    /** Returns a name without {@value #DELETED_SUFFIX} at its end; the name itself if it has none. */
    static String withoutSuffix(String name) {
        return name.endsWith(DELETED_SUFFIX) ? name.substring(0, name.length() - DELETED_SUFFIX.length()) : name;
    }
}
