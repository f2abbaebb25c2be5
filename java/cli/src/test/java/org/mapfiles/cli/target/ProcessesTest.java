package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

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
        // the shell does not wait for its child
        Process shell = new ProcessBuilder("sh", "-c", "true & echo $!; exec sleep 60").start();
        try {
            int child = Integer.parseInt(shell.inputReader().readLine());
            for (int i = 0; i < 6000 && !state(child).equals("Z"); i++) {
                Thread.sleep(10);
            }
            assertThat(state(child)).isEqualTo("Z");
            assertThat(Processes.countWithMemory(new int[] {child, own})).isEqualTo(1);
        } finally {
            shell.destroyForcibly().waitFor();
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
