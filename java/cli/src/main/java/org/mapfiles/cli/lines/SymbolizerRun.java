package org.mapfiles.cli.lines;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One process of a symbolizer, which reads the addresses of one file. Threads write its input and read its output, so
 * this class can stop to wait for a process that is hung.
 */
final class SymbolizerRun {
    /** System property: number of seconds without the output of a further address, after which the process is ended. */
    static final String SECONDS_PROPERTY = "mapfiles.symbolizer-seconds";

    private static final int DEFAULT_SECONDS = 10;
    private static final int MAX_LINE = 1 << 16;
    /** Maximum of the output, for which a file that is not trusted could ask. */
    private static final int MAX_PER_ADDRESS = 1 << 12;

    private static final int MAX_EXTRA = 1 << 20;
    private static final byte[] END = {};

    private final Symbolizer symbolizer;
    private final long[] addresses;
    private final SymbolizerOutput output;
    private final int seconds = Integer.getInteger(SECONDS_PROPERTY, DEFAULT_SECONDS);
    private final BlockingQueue<byte[]> parts = new ArrayBlockingQueue<>(16);
    private final byte[] line = new byte[MAX_LINE];
    private int lineLength;
    private String problem;

    SymbolizerRun(Symbolizer symbolizer, long[] elfAddresses) {
        this.symbolizer = symbolizer;
        this.addresses = elfAddresses;
        this.output = new SymbolizerOutput(symbolizer.kind(), elfAddresses);
    }

    /**
     * Runs the process. Returns the frames of the addresses, in their order. If the process fails, the list is shorter,
     * and there is a {@link #problem}.
     */
    List<List<SourceFrame>> run(Path file, List<String> rights) {
        Process process;
        try {
            process = start(file, rights);
        } catch (IOException e) {
            problem = "cannot be started: " + e.getMessage();
            return List.of();
        }
        Thread writer = daemon("mapfiles-symbolizer-input", () -> write(process.getOutputStream()));
        Thread reader = daemon("mapfiles-symbolizer-output", () -> read(process.getInputStream()));
        try {
            readAll();
        } catch (InterruptedException e) {
            problem = "was interrupted";
            Thread.currentThread().interrupt();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly); // the program may be a script
            process.destroyForcibly();
            writer.interrupt();
            reader.interrupt();
        }
        return output.frames();
    }

    /** Returns why the output is not complete; null: it is. */
    String problem() {
        return problem;
    }

    private Process start(Path file, List<String> rights) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(symbolizer.command(file, rights))
                .directory(Path.of("/").toFile()) // relative names in DWARF lead to no file of a user
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove("DEBUGINFOD_URLS"); // with it, the symbolizers download files
        builder.environment().remove("LLVM_SYMBOLIZER_OPTS"); // options that change the output
        return builder.start();
    }

    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void write(OutputStream to) {
        StringBuilder text = new StringBuilder();
        for (long address : addresses) {
            text.append("0x").append(Long.toHexString(address)).append('\n');
        }
        try (to) {
            to.write(text.toString().getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return; // the process has ended, so its output ends too
        }
    }

    /** Hands the output over in parts. The queue is full if the process writes more than is read. */
    private void read(InputStream from) {
        byte[] buffer = new byte[1 << 13];
        try {
            try (from) {
                for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                    parts.put(Arrays.copyOf(buffer, count));
                }
            } catch (IOException e) { // the process was ended
            }
            parts.put(END);
        } catch (InterruptedException e) {
            return; // nothing takes the parts any more
        }
    }

    /** Reads up to the end of the output, which follows the end of the input. */
    private void readAll() throws InterruptedException {
        long limit = TimeUnit.SECONDS.toNanos(seconds);
        long last = System.nanoTime();
        int begun = 0;
        for (long bytes = 0; problem == null; ) {
            byte[] part = parts.poll(limit - (System.nanoTime() - last), TimeUnit.NANOSECONDS);
            if (part == null) {
                problem = "has printed nothing more for " + seconds + " seconds";
                return;
            }
            if (part.length == 0) {
                problem = output.isComplete() ? null : "has ended before it printed all lines";
                return;
            }
            bytes += part.length;
            if (bytes > MAX_EXTRA + (long) MAX_PER_ADDRESS * addresses.length || !accept(part)) {
                problem = "has printed something else than lines";
            }
            if (output.begun() > begun) {
                begun = output.begun();
                last = System.nanoTime();
            }
        }
    }

    private boolean accept(byte[] part) {
        for (byte b : part) {
            if (b != '\n' && lineLength < MAX_LINE) {
                line[lineLength++] = b;
            } else if (b != '\n' || !output.accept(new String(line, 0, lineLength, StandardCharsets.UTF_8))) {
                return false;
            } else {
                lineLength = 0;
            }
        }
        return true;
    }
}
