package org.mapfiles.cli.output;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.mapfiles.internal.ErrorText;

/**
 * A stream that distinguishes three failures, which are all IOExceptions to a command: its reader has closed the pipe, the
 * output cannot be written, and an input cannot be read. After a failure each write throws the same exception again, without a
 * system call.
 */
public final class StandardOutput extends FilterOutputStream {
    /** The reader of the output has closed the pipe, such as {@code head}. */
    public static final class ClosedException extends IOException {
        private static final long serialVersionUID = 1;

        ClosedException(IOException cause) {
            super(cause);
        }
    }

    private IOException failure;

    StandardOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        if (failure == null) {
            try {
                out.write(bytes, from, length);
                return;
            } catch (IOException e) {
                failure = isClosedPipe(e) ? new ClosedException(e)
                        : new IOException("standard output cannot be written: " + ErrorText.of(e), e);
            }
        }
        throw failure;
    }

    /** An IOException of write(2) has no error number, only the C library's text in the language of the system. */
    private static boolean isClosedPipe(IOException failure) {
        String text = String.valueOf(failure.getMessage());
        return text.contains("Broken pipe") || text.equals(closedPipeText());
    }

    /** Returns the text of EPIPE in the language of the system, by writing to a closed pipe; null if that does not fail. */
    private static String closedPipeText() {
        try {
            Pipe pipe = Pipe.open();
            pipe.source().close();
            try (Pipe.SinkChannel sink = pipe.sink()) {
                sink.write(ByteBuffer.allocate(1));
            }
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
