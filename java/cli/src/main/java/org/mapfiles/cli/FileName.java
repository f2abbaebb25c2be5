package org.mapfiles.cli;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.mapfiles.Deletion;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** A mapping's name as commands print it: the kernel's deleted mark told apart, raw bytes kept where they are not UTF-8. */
final class FileName {
    static final FileName NONE = new FileName(new byte[0], Deletion.NOT_DELETED);

    private static final String SUFFIX = " (deleted)";

    private final byte[] raw;
    private final Deletion deletion;
    private final String text;
    private final boolean utf8;

    private FileName(byte[] raw, Deletion deletion) {
        this.raw = raw;
        this.deletion = deletion;
        this.utf8 = isUtf8(raw);
        this.text = raw.length == 0 ? null : new String(raw, StandardCharsets.UTF_8);
    }

    /** Asks the kernel about the deleted mark where the name alone does not tell. */
    static FileName of(ProcessMaps maps, Mapping mapping) throws MapsException {
        byte[] raw = new byte[mapping.nameLength()];
        if (raw.length == 0) {
            return NONE;
        }
        mapping.name(raw, 0);
        Deletion deletion = mapping.deletion();
        if (deletion == Deletion.NOT_KNOWN) {
            deletion = maps.deletion(mapping);
            if (deletion == Deletion.DELETED) {
                raw = Arrays.copyOf(raw, raw.length - SUFFIX.length());
            }
        }
        return new FileName(raw, deletion);
    }

    /** As {@link #of}, of what may be gone already: the kernel is not asked. */
    static FileName unasked(Mapping mapping) {
        byte[] raw = new byte[mapping.nameLength()];
        mapping.name(raw, 0);
        return raw.length == 0 ? NONE : new FileName(raw, mapping.deletion());
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** The name, null without one; U+FFFD stands for bytes that are not UTF-8. */
    String text() {
        return text;
    }

    byte[] raw() {
        return raw;
    }

    boolean isUtf8() {
        return utf8;
    }

    Deletion deletion() {
        return deletion;
    }

    /** For people: nothing that a terminal would obey, and whether it is deleted. Empty without a name. */
    String display() {
        if (text == null) {
            return "";
        }
        String name = utf8 ? shown(text) : shown(raw);
        switch (deletion) {
            case DELETED:
                return name + SUFFIX;
            case NOT_KNOWN:
                return name + " (or really so called)";
            default:
                return text.endsWith(SUFFIX) ? name + " (really so called)" : name;
        }
    }

    /** A text with control characters written out, and the backslash that they are written with. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                shown.append("\\n");
            } else if (c == '\t') {
                shown.append("\\t");
            } else if (c == '\\') {
                shown.append("\\\\");
            } else if (Character.isISOControl(c)) {
                shown.append(String.format("\\x%02x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return shown.toString();
    }

    /** Bytes that are not UTF-8: those that are ASCII as they are, the others written out. */
    private static String shown(byte[] bytes) {
        StringBuilder shown = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            shown.append(b < 0 ? String.format("\\x%02x", b & 0xff) : shown(String.valueOf((char) b)));
        }
        return shown.toString();
    }
}
