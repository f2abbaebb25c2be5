package org.mapfiles.cli.commands;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Prints blocks in a thread of its own, one after the other, while the next one is read. */
final class BlockPrinter implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "mapfiles-printer");
        made.setDaemon(true); // an exception of the input ends the command
        return made;
    });
    /** Null: it is printed, or there was none. */
    private Future<?> last;

    /**
     * Prints a block after the one before. Returns when that one is printed.
     *
     * @throws IOException if the one before could not be printed; this one is not printed then
     */
    void print(Callable<?> block) throws IOException {
        finish();
        last = thread.submit(block);
    }

    /**
     * Returns when all blocks are printed.
     *
     * @throws IOException if the last one could not be printed
     */
    void finish() throws IOException {
        Future<?> waited = last;
        last = null;
        try {
            if (waited != null) {
                waited.get();
            }
        } catch (InterruptedException e) {
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            rethrow(e.getCause());
        }
    }

    private static void rethrow(Throwable cause) throws IOException {
        if (cause instanceof IOException failure) {
            throw failure;
        }
        if (cause instanceof RuntimeException failure) {
            throw failure;
        }
        throw (Error) cause;
    }

    @Override
    public void close() {
        thread.shutdown();
    }
}
