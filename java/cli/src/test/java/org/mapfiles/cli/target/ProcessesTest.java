package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.mapfiles.cli.Await;

/** The processes that --all examines. */
class ProcessesTest {
    @Test
    void kernelThreadsAndZombiesHaveNoMemory() throws Exception {
        int own = (int) ProcessHandle.current().pid();
        assertThat(Processes.pids()).contains(own).isSorted();
        assertThat(Processes.countWithMemory(new int[] {own})).isEqualTo(1);
        for (int pid : Processes.pids()) {
            if (isKernelThread(pid)) {
                assertThat(Processes.countWithMemory(new int[] {own, pid})).isEqualTo(1);
            }
        }
        Process parent = new ProcessBuilder("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000").start();
        try {
            int child = Integer.parseInt(parent.inputReader().readLine());
            // a shell may wait for its child; sleep(1) does not
            Await.until(
                    "it is sleep",
                    () -> new String(Processes.kernelName(parent.pid()), StandardCharsets.UTF_8).equals("sleep"));
            ProcessHandle.of(child).orElseThrow().destroyForcibly();
            Await.until("the child is a zombie", () -> state(child).equals("Z"));
            assertThat(Processes.countWithMemory(new int[] {child, own})).isEqualTo(1);
        } finally {
            parent.descendants().forEach(ProcessHandle::destroyForcibly);
            parent.destroyForcibly().waitFor();
        }
        assertThat(Processes.countWithMemory(new int[] {Integer.MAX_VALUE})).isZero();
    }

    private static String state(int pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    }

    /** The parent of kernel threads is kthreadd, which has the PID 2 in the first PID namespace. */
    private static boolean isKernelThread(int pid) {
        try {
            String[] fields =
                    Files.readString(Path.of("/proc/" + pid + "/stat")).split(" ");
            return Files.readString(Path.of("/proc/2/comm")).equals("kthreadd\n")
                    && Arrays.asList(fields).subList(3, 4).contains("2");
        } catch (IOException exited) {
            return false;
        }
    }
}
