package org.mapfiles.cli.commands;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command end in order when this JVM is interrupted (Ctrl-C, SIGTERM), or its thread. The JVM then waits for the
 * command, at most two seconds.
 */
final class Interruption implements AutoCloseable {
    /** System property: number of seconds that the JVM waits for the command. */
    private static final String SECONDS_PROPERTY = "mapfiles.interruption-seconds";

    private static final int DEFAULT_SECONDS = 2;

    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread = Thread.currentThread();
    private final Thread hook = new Thread(this::interrupt, "mapfiles-interruption");
    private volatile boolean hasCome;

    Interruption() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void interrupt() {
        hasCome = true;
        thread.interrupt(); // ends a sleep
        try {
            if (!end.await(Integer.getInteger(SECONDS_PROPERTY, DEFAULT_SECONDS), TimeUnit.SECONDS)) {
                return; // it is in a system call: the JVM does not wait longer
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the command is to end. */
    boolean hasCome() {
        return hasCome || Thread.interrupted();
    }

    @Override
    public void close() {
        end.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // the JVM is shutting down
        }
    }
}
