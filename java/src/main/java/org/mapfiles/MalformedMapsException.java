package org.mapfiles;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord.Head;
import org.mapfiles.internal.MapsTextFault;
import org.mapfiles.internal.SnapshotBuffer;

/** Thrown if a text is not what proc_pid_maps(5) describes. The message quotes the first line that does not parse. */
public final class MalformedMapsException extends MapsException {
    private static final long serialVersionUID = 1;

    /** Number of the line that does not parse, from 1. */
    private final int line;

    /**
     * Makes the exception.
     *
     * @param message the cause and the remedy
     * @param line number of the line, from 1
     */
    public MalformedMapsException(String message, int line) {
        super(Objects.requireNonNull(message, "message"));
        this.line = line;
    }

    /**
     * Returns the exception for the line at which parsing has ended.
     *
     * @param parsed holds the number, the offset and the length of the line
     * @param textLength of the text, in bytes: a line that ends there may be cut
     */
    static MalformedMapsException of(SnapshotBuffer parsed, int textLength) {
        int line = parsed.head(Head.ERROR_LINE);
        int offset = parsed.head(Head.ERROR_OFFSET);
        int length = parsed.head(Head.ERROR_LENGTH);
        byte[] bytes = ByteSlices.copy(parsed.text, offset, Math.min(length, MapsTextFault.MAX_LINE));
        String reason = MapsTextFault.reason(bytes, offset + length < textLength);
        String quoted = new String(bytes, 0, Math.min(bytes.length, 200), StandardCharsets.UTF_8);
        return new MalformedMapsException("line " + line + " " + reason + ": \"" + quoted + "\"", line);
    }

    /**
     * Returns the number of the line that does not parse.
     *
     * @return from 1
     */
    public int line() {
        return line;
    }
}
