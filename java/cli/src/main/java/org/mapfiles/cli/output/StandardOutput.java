package org.mapfiles.cli.output;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.mapfiles.internal.ErrorText;
import org.mapfiles.internal.Pipes;

/**
 * A stream that distinguishes three failures, which are all IOExceptions to a command: its reader has closed the pipe,
 * the output cannot be written, and an input cannot be read. After a failure each write throws the same exception
 * again, without a system call.
 */
public final class StandardOutput extends FilterOutputStream {
    /** The reader of the output has closed the pipe, such as {@code head}. */
    public static final class ClosedException extends IOException {
        private static final long serialVersionUID = 1;

        ClosedException(IOException cause) {
            super(cause);
        }
    }

    private final int descriptor;
    private IOException failure;

    /** @param descriptor of the stream; -1: it has none */
    StandardOutput(OutputStream out, int descriptor) {
        super(out);
        this.descriptor = descriptor;
    }

    /** Throws what a write would throw if the reader of a pipe has closed it. Writes nothing. */
    void checkReader() throws ClosedException {
        if (descriptor >= 0 && Pipes.isReaderGone(descriptor)) {
            throw new ClosedException(new IOException("the reader has closed the pipe"));
        }
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        if (failure == null) {
            try {
                out.write(bytes, from, length);
                return;
            } catch (IOException e) {
                failure = isClosedPipe(e)
                        ? new ClosedException(e)
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

    /**
     * Returns the text of EPIPE in the language of the system, by writing to a closed pipe; null if that does not fail.
     */
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
