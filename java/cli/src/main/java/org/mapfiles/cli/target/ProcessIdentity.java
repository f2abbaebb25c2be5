package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Distinguishes a process from all others, also from later ones with its PID, and those of other machines.
 *
 * @param pid 0 or less: unknown
 * @param started clock ticks from the boot of the machine to the start of the process; -1: unknown
 * @param bootId a number that the kernel chooses at each boot; null: unknown
 * @param name bytes of the name, as {@link Processes#displayName} shows it
 */
public record ProcessIdentity(long pid, long started, String bootId, byte[] name) {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    /** Index of starttime after the name in /proc/PID/stat, proc_pid_stat(5). */
    private static final int STARTED = 19;

    /** An unknown process, such as that of a maps text. */
    public static final ProcessIdentity UNKNOWN = new ProcessIdentity(-1, -1, null, new byte[0]);

    /** Returns the identity of a process that runs. */
    public static ProcessIdentity of(long pid) {
        return new ProcessIdentity(pid, readStarted(pid), readBootId(), Processes.name(pid));
    }

    private static long readStarted(long pid) {
        try {
            byte[] stat = Files.readAllBytes(Path.of("/proc/" + pid + "/stat"));
            String text = new String(stat, StandardCharsets.ISO_8859_1);
            String[] fields = text.substring(text.lastIndexOf(')') + 1).trim().split(" ");
            return fields.length > STARTED ? Long.parseLong(fields[STARTED]) : -1;
        } catch (IOException | NumberFormatException unknown) {
            return -1;
        }
    }

    private static String readBootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException unknown) {
            return null;
        }
    }

    /** Returns whether both are known to be one process. */
    public boolean isSameProcess(ProcessIdentity other) {
        return pid > 0
                && pid == other.pid
                && started >= 0
                && started == other.started
                && bootId != null
                && bootId.equals(other.bootId);
    }
}
