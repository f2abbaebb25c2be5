package org.mapfiles.cli.demangle;

import java.util.List;

/** Demangles a name with a program, then exits while another thread waits for a second name. */
public final class DemangleAndExitMain {
    private static final int MILLISECONDS = 500;

    private DemangleAndExitMain() {}

    public static void main(String[] arguments) throws Exception {
        CppFilter filter = new CppFilter(arguments[0]);
        System.out.println(filter.demangle(List.of("_Z1av")).get(0));
        Thread waiting = new Thread(() -> System.out.println(
                "returned " + filter.demangle(List.of("_Z1bv")).get(0)));
        waiting.setDaemon(true);
        // the exit waits for all hooks: the other thread has the time to return
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                Thread.sleep(MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        waiting.start();
        while (waiting.getState() == Thread.State.NEW) {
            Thread.onSpinWait();
        }
        System.exit(0);
    }
}
