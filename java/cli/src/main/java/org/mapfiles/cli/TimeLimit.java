package org.mapfiles.cli;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Set;
import org.mapfiles.cli.commands.ExitCode;

/**
 * Ends this process if one native call blocks for too long.
 *
 * <p>A target decides when a page of its memory is there (userfaultfd(2)), and so does the server of a file system
 * (FUSE, NFS). The kernel lets a reader wait for such a page without a limit. Only the exit of the reading process ends
 * the wait.
 */
final class TimeLimit extends Thread {
    /** System property: the limit in seconds. */
    private static final String PROPERTY = "mapfiles.time-limit";

    private static final int DEFAULT_SECONDS = 30;

    /** Native calls that wait for events on purpose. */
    private static final Set<String> WAITS = Set.of("eventsWait", "attachSend", "attachReceive");

    /** A call that works takes CPU time. This is above what the samples below cost the other thread. */
    private static final long WORKING_NANOS = 1_000_000;

    private final Thread worker;
    private final int limit = Integer.getInteger(PROPERTY, DEFAULT_SECONDS);
    private final PrintStream err;
    private String blockedIn;
    private long cpuTime;
    private int seconds;

    private TimeLimit(Thread worker, PrintStream err) {
        super("mapfiles-time-limit");
        this.worker = worker;
        this.err = err;
        setDaemon(true);
    }

    /** Starts to check the calling thread. Without memory for a thread nothing is checked. */
    static void start(PrintStream err) {
        try {
            new TimeLimit(Thread.currentThread(), err).start();
        } catch (OutOfMemoryError noThread) {
            return; // the command may need none
        }
    }

    @Override
    public void run() {
        while (seconds < limit) {
            try {
                sleep(1_000);
            } catch (InterruptedException e) {
                return;
            }
            check();
        }
        err.println("mapfiles: the process, or the file system of a mapped file, has not provided a page for " + limit
                + " seconds: userfaultfd(2), FUSE and NFS can block a reader");
        err.flush();
        Runtime.getRuntime().halt(ExitCode.NOT_RESOLVED); // an orderly exit would wait for the blocked thread
    }

    private void check() {
        String call = nativeCall();
        if (call == null || !call.equals(blockedIn)) {
            blockedIn = call;
            seconds = 0;
            cpuTime = call == null ? 0 : cpuTime();
            return;
        }
        long now = cpuTime();
        seconds = now - cpuTime < WORKING_NANOS ? seconds + 1 : 0;
        cpuTime = now;
    }

    private long cpuTime() {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(worker.getId());
    }

    /** Returns the native call of the library that the thread is in, or null. */
    private String nativeCall() {
        StackTraceElement[] stack = worker.getStackTrace();
        boolean isInCall = stack.length > 0
                && stack[0].isNativeMethod()
                && stack[0].getClassName().startsWith("org.mapfiles.")
                && !WAITS.contains(stack[0].getMethodName());
        return isInCall ? stack[0].getMethodName() : null;
    }
}
