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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.internal.ErrorText;

/** The streams of a command, as bytes; text is UTF-8. */
public final class Terminal {
    private static final int BUFFER = 1 << 16;
    private static final int DEFAULT_WIDTH = 80;
    /** Tables are not made for fewer columns. */
    private static final int MIN_WIDTH = 40;

    private final InputStream in;
    private final StandardOutput standardOutput;
    private final OutputStream out;
    private final PrintStream err;
    private final boolean coloured;
    private final int width;
    private final boolean progress;
    private Exception reported;
    private boolean isProgressShown;

    /**
     * Streams that are no terminal.
     *
     * @param coloured whether text output has colours
     */
    public Terminal(InputStream in, OutputStream out, OutputStream err, boolean coloured) {
        this(in, new StandardOutput(out, -1), err, coloured, 0, false);
    }

    /**
     * Streams of a terminal.
     *
     * @param width columns of the terminal
     */
    public Terminal(InputStream in, OutputStream out, OutputStream err, int width) {
        this(in, new StandardOutput(out, -1), err, false, width, true);
    }

    private Terminal(
            InputStream in, StandardOutput out, OutputStream err, boolean coloured, int width, boolean progress) {
        this.in = new StandardInput(in);
        this.width = width;
        this.progress = progress;
        this.standardOutput = out;
        this.out = new BufferedOutputStream(withoutProgress(out), BUFFER);
        this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
        this.coloured = coloured;
    }

    /** Returns a stream that removes a line of progress before it writes: both streams may be on one terminal. */
    private OutputStream withoutProgress(StandardOutput stream) {
        return new FilterOutputStream(stream) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                removeProgress();
                stream.write(bytes, from, length);
            }
        };
    }

    /** Returns the streams of this process. */
    public static Terminal ofProcess() {
        boolean isTerminal = isTerminal(Path.of("/proc/self/fd/1"));
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new StandardOutput(new FileOutputStream(FileDescriptor.out), 1),
                new FileOutputStream(FileDescriptor.err),
                isTerminal && System.getenv("NO_COLOR") == null,
                isTerminal ? columns(System.getenv("COLUMNS")) : 0,
                isTerminal(Path.of("/proc/self/fd/2")));
    }

    /** Parses COLUMNS, which the launcher sets to the width of the terminal. */
    private static int columns(String text) {
        try {
            int columns = text == null ? DEFAULT_WIDTH : Integer.parseInt(text);
            return columns >= MIN_WIDTH ? columns : columns > 0 ? MIN_WIDTH : DEFAULT_WIDTH;
        } catch (NumberFormatException e) {
            return DEFAULT_WIDTH;
        }
    }

    /** System.console() does not help: since JDK 22 it is not null without a terminal either. */
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

    /**
     * Prints a text in a line of its own. On a terminal it goes on in the next lines, and a word that is wider than the
     * terminal, such as a path, is shortened.
     *
     * @param isWide whether the line may be wider than the terminal
     */
    public void prose(String text, boolean isWide) throws IOException {
        String lines = isWide || width == 0 ? text : TextWidth.broken(text, width, 0);
        out.write((lines + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Prints a text in one line. On a terminal its middle is left out if it is too long. */
    public void line(String text, boolean isWide) throws IOException {
        String line = isWide || width == 0 ? text : TextWidth.shortened(text, width);
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    public boolean isColoured() {
        return coloured;
    }

    /** Returns the columns of the terminal; 0: standard output is no terminal. */
    public int width() {
        return width;
    }

    /** Returns whether stderr is a terminal. */
    boolean showsProgress() {
        return progress;
    }

    /** Replaces the last line of stderr. */
    void showProgress(String line) {
        err.print("\r\033[K" + line);
        err.flush();
        isProgressShown = true;
    }

    /** Removes a line of progress, before something else is printed. */
    void removeProgress() {
        if (isProgressShown) {
            err.print("\r\033[K");
            err.flush();
            isProgressShown = false;
        }
    }

    public void flush() throws IOException {
        out.flush();
    }

    /**
     * Fails if the reader of the output has closed the pipe. A command that waits without writing calls this from time
     * to time: only a write fails by itself.
     */
    public void checkReader() throws IOException {
        standardOutput.checkReader();
    }

    /** Reports a failure on stderr. The same failure is reported once: a failed write throws it again at the end. */
    public void report(Exception failure) {
        if (failure != reported) {
            report(ErrorText.of(failure));
        }
        reported = failure;
    }

    /** Prints a message as one line on stderr. */
    public void report(String message) {
        removeProgress();
        err.println("mapfiles: " + Printable.message(String.valueOf(message)));
    }
}
