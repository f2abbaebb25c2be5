package org.mapfiles.jvm;

import org.mapfiles.ProcessMaps;

/** Attaches to the JVM of a PID, and prints its version. Tests run it as other users and with other runtimes. */
final class AttachMain {
    private AttachMain() {}

    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]));
                JvmProcess jvm = JvmProcess.of(maps)) {
            System.out.println(jvm.execute("VM.version"));
        }
    }
}
