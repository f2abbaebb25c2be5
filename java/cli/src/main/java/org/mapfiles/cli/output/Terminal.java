package org.mapfiles.cli.output;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.internal.ErrorText;

/** Where a command reads and writes: raw streams, UTF-8, and whether people look at it. */
public final class Terminal {
    private static final int BUFFER = 1 << 16;

    /** Whoever read our output has gone. */
    public static final class Closed extends IOException {
        private static final long serialVersionUID = 1;

        Closed(IOException cause) {
            super(cause);
        }

        /** Java tells errors of write(2) by their text alone; the end of a pipe is the only one that is no failure. */
        static boolean is(IOException failure) {
            String text = String.valueOf(failure.getMessage());
            return text.contains("Broken pipe") || text.equals(textHere());
        }

        /** What a pipe that nobody reads says in the language of this system. */
        private static String textHere() {
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

    private final InputStream in;
    private final OutputStream out;
    private final PrintStream err;
    private final boolean coloured;
    private Exception complainedOf;

    public Terminal(InputStream in, OutputStream out, OutputStream err, boolean coloured) {
        this.in = in;
        this.out = new BufferedOutputStream(new Watched(out), BUFFER);
        this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
        this.coloured = coloured;
    }

    public static Terminal ofProcess() {
        boolean coloured = System.getenv("NO_COLOR") == null && isTerminal(Path.of("/proc/self/fd/1"));
        return new Terminal(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err), coloured);
    }

    /** Not System.console(), which from JDK 22 on is there without a terminal too. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }

    public InputStream in() {
        return in;
    }

    public OutputStream out() {
        return out;
    }

    public OutputStream err() {
        return err;
    }

    public boolean isColoured() {
        return coloured;
    }

    public void flush() throws IOException {
        out.flush();
    }

    /** Once for each failure: what could not be written is told again at the end. */
    public void complain(Exception failure) {
        if (failure != complainedOf) {
            complain(ErrorText.of(failure));
        }
        complainedOf = failure;
    }

    /** One line on stderr. */
    public void complain(String message) {
        err.println("mapfiles: " + Printable.message(String.valueOf(message)));
    }

    /**
     * Tells the end of a pipe from a failure to write, and that from one to read: all are IOExceptions to a command. What has failed
     * once is not tried again, and fails for the same reason.
     */
    private static final class Watched extends FilterOutputStream {
        private IOException failure;

        Watched(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (failure == null) {
                try {
                    out.write(bytes, from, length);
                    return;
                } catch (IOException e) {
                    failure = Closed.is(e) ? new Closed(e) : new IOException("standard output cannot be written: " + ErrorText.of(e), e);
                }
            }
            throw failure;
        }
    }
}
