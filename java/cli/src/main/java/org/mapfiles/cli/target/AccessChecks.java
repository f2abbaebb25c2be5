package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.CheckRows.Check;

/** Checks what the caller may read of processes. Each check does what a command would do. */
public final class AccessChecks {
    private static final Map<String, Integer> CAPABILITIES = new LinkedHashMap<>();
    /** Maximum number of processes that are tried. */
    private static final int MAX_TRIED = 64;

    static {
        CAPABILITIES.put("CAP_SYS_PTRACE", 19);
        CAPABILITIES.put("CAP_DAC_READ_SEARCH", 2);
        CAPABILITIES.put("CAP_CHECKPOINT_RESTORE", 40);
        CAPABILITIES.put("CAP_SYS_ADMIN", 21);
        CAPABILITIES.put("CAP_PERFMON", 38);
    }

    private final SelfStatus status = SelfStatus.read();
    private final long self = ProcessHandle.current().pid();

    /** Runs the checks. */
    public List<Check> run() throws IOException {
        List<Check> checks = new ArrayList<>();
        checks.add(capabilities());
        checks.add(otherUsers());
        checks.add(memory());
        checks.addAll(MapFilesChecks.run());
        checks.add(seccomp());
        checks.add(namespace());
        return checks;
    }

    private Check capabilities() {
        List<String> held = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        CAPABILITIES.forEach((name, number) -> (status.hasCapability(number) ? held : missing).add(name));
        String user = "user " + status.field("Uid").split("\\s")[0];
        String text =
                held.isEmpty() ? user + " with none of those that matter" : user + " with " + String.join(", ", held);
        return missing.isEmpty()
                ? Check.ok("capabilities", text)
                : Check.limited("capabilities", text, "root has " + String.join(", ", missing) + " too");
    }

    /** Reads the mappings of processes of other users. */
    private Check otherUsers() throws IOException {
        Tries tries = tries(pid -> !isOwn(pid), maps -> {
            maps.snapshot();
            return true;
        });
        String name = "processes of other users";
        return tries.total() == 0
                ? Check.unknown(name, "no process of another user is visible here")
                : tries.check(name, "mappings", "");
    }

    /** Reads a byte of the stack of other processes of this user, which the processes themselves have written. */
    private Check memory() throws IOException {
        Tries tries = tries(this::isOwn, AccessChecks::readStack);
        String name = "memory of own processes";
        return tries.total() == 0
                ? Check.unknown(name, "no other process of this user is visible here" + scope())
                : tries.check(name, "memory", scope());
    }

    /** Reads a process. Returns false if it has nothing to read. */
    private interface Action {
        boolean read(ProcessMaps maps) throws MapsException;
    }

    /** Processes that were tried: those that were read, and those that may not be read. */
    private static final class Tries {
        private int read;
        private int denied;
        private int firstRead;
        private PermissionDeniedException denial;

        int total() {
            return read + denied;
        }

        /** One process may be read and another not, such as one with more capabilities. */
        Check check(String name, String what, String setting) {
            String was = what.equals("mappings") ? " were read" : " was read";
            String is = what.equals("mappings") ? " are not read" : " is not read";
            if (denial == null) {
                return Check.ok(
                        name,
                        total() == 1
                                ? what + " of process " + firstRead + was + setting
                                : what + " of " + total() + " processes" + was + setting);
            }
            return Check.limited(
                    name,
                    what + (total() == 1 ? "" : " of " + denied + " of " + total() + " processes") + is + setting,
                    denial.getMessage());
        }
    }

    /** Tries processes other than this one. Kernel threads, and processes that exit meanwhile, are left out. */
    private Tries tries(IntPredicate isTried, Action action) throws IOException {
        Tries tries = new Tries();
        for (int pid : Processes.pids()) {
            if (pid == self || tries.total() == MAX_TRIED || !Processes.hasMemory(pid) || !isTried.test(pid)) {
                continue;
            }
            try (ProcessMaps maps = ProcessMaps.of(pid)) {
                if (action.read(maps)) {
                    tries.read++;
                    tries.firstRead = tries.read == 1 ? pid : tries.firstRead;
                }
            } catch (PermissionDeniedException e) {
                tries.denied++;
                tries.denial = tries.denial == null ? e : tries.denial;
            } catch (MapsException e) {
                continue;
            }
        }
        return tries;
    }

    private static boolean readStack(ProcessMaps maps) throws MapsException {
        MapSnapshot snapshot = maps.snapshot();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            if (mapping.kind() == Mapping.Kind.STACK) {
                return maps.readMemory(mapping.end() - 1, new byte[1], 0, 1) == 1;
            }
        }
        return false;
    }

    private static String scope() {
        var scope = SelfStatus.number(Path.of("/proc/sys/kernel/yama/ptrace_scope"));
        return scope.isEmpty() ? "" : " (kernel.yama.ptrace_scope is " + scope.getAsLong() + ")";
    }

    private boolean isOwn(long pid) {
        try {
            return Files.getAttribute(Path.of("/proc/" + pid), "unix:uid")
                    .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException exited) {
            return false;
        }
    }

    private Check seccomp() {
        switch (status.field("Seccomp")) {
            case "0":
                return Check.ok("system call filter", "none");
            case "":
                return Check.unknown("system call filter", "the kernel does not report it");
            default:
                return Check.limited(
                        "system call filter",
                        "seccomp filters the system calls of this process",
                        "the other lines show what it denies; docker run --security-opt seccomp=unconfined");
        }
    }

    private Check namespace() {
        String[] pids = status.field("NSpid").split("\\s+");
        return pids.length <= 1
                ? Check.ok("PID namespace", "that of the proc file system")
                : Check.limited(
                        "PID namespace",
                        "processes outside of this PID namespace are not visible",
                        "run this on the host, or docker run --pid=host");
    }
}
