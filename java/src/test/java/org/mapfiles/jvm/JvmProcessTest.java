package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Reads the JVM in this process and in others from outside. */
class JvmProcessTest {
    /** A JVM that waits until its input ends. */
    static final class Waiting {
        private Waiting() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }

    static Process waiting(String... options) throws Exception {
        Process process = new ChildJvm().with(options).start(Waiting.class);
        assertThat(process.inputReader().readLine()).isEqualTo("READY");
        return process;
    }

    @Test
    void flagsOfThisJvmEqualThoseOfManagement() throws Exception {
        HotSpotDiagnosticMXBean bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess jvm = JvmProcess.of(maps)) {
            JvmProcess.Flags flags = jvm.flags();
            assertThat(jvm.version()).isEqualTo(System.getProperty("java.vm.version"));
            assertThat(flags.names())
                    .contains("DisableAttachMechanism", "ReduceSignalUsage", "MaxHeapSize")
                    .hasSizeGreaterThan(500);
            Map<String, String> reported = new HashMap<>();
            for (String name : flags.names()) {
                reported.put(name, reported(bean, name));
            }
            reported.values().removeIf(Objects::isNull);
            JvmProcess.Flags later = jvm.flags(); // compilers change flags when they start
            assertThat(reported)
                    .hasSizeGreaterThan(400)
                    .allSatisfy(
                            (name, value) -> assertThat(value).as(name).isIn(value(flags, name), value(later, name)));
            assertThat(flags.bool("MaxHeapSize")).as("of another type").isEmpty();
            assertThat(flags.number("NoSuchFlag")).isEmpty();
            assertThat(flags.isOn("NoSuchFlag")).isFalse();
        }
    }

    private static String value(JvmProcess.Flags flags, String name) {
        OptionalLong number = flags.number(name);
        return number.isPresent()
                ? Long.toUnsignedString(number.getAsLong())
                : flags.bool(name)
                        .map(String::valueOf)
                        .or(() -> flags.text(name))
                        .orElse("");
    }

    /** Returns null if the flag is not reported, or is a fraction or negative. */
    private static String reported(HotSpotDiagnosticMXBean bean, String name) {
        try {
            String value = bean.getVMOption(name).getValue();
            return value.matches("-?\\d+\\.\\d.*|-\\d+") ? null : value;
        } catch (IllegalArgumentException none) {
            return null;
        }
    }

    @Test
    void flagsOfAnotherJvm() throws Exception {
        Process other = waiting("-XX:+DisableAttachMechanism", "-Xrs", "-Xmx96m", "-XX:HeapDumpPath=/no/such/ü");
        try (ProcessMaps maps = ProcessMaps.of(other.pid());
                JvmProcess jvm = JvmProcess.of(maps)) {
            JvmProcess.Flags flags = jvm.flags();
            assertThat(jvm.version()).isEqualTo(System.getProperty("java.vm.version"));
            assertThat(flags.isOn("DisableAttachMechanism")).isTrue();
            assertThat(flags.isOn("ReduceSignalUsage")).isTrue();
            assertThat(flags.number("MaxHeapSize")).hasValue(96 << 20);
            assertThat(flags.text("HeapDumpPath")).contains("/no/such/ü");
            assertThat(flags.bool("UseSerialGC")).contains(true);
            assertThat(jvm.runState()).isEqualTo(JvmProcess.RunState.RUNNING);
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void stoppedJvm() throws Exception {
        Process other = waiting();
        try (ProcessMaps maps = ProcessMaps.of(other.pid())) {
            Children.stop(other.pid());
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                assertThat(jvm.runState()).isEqualTo(JvmProcess.RunState.STOPPED);
                assertThat(jvm.flags().isOn("UseSerialGC")).isTrue();
            }
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void threadsOfThisJvmAreFoundByTheirId() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess jvm = JvmProcess.of(maps)) {
            int tid = Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/thread-self"))
                    .getFileName()
                    .toString());
            JvmProcess.JavaThread self = jvm.javaThreads().get(tid);
            assertThat(self.thread()).isSameAs(Thread.currentThread());
            assertThat(self.name()).isEqualTo(Thread.currentThread().getName());
            assertThat(self.tid()).isEqualTo(tid);
            assertThat(Long.compareUnsigned(self.stackStart(), self.stackEnd())).isNegative();
            int[] inner = new int[1];
            JvmProcess.JavaThread[] found = new JvmProcess.JavaThread[1];
            Thread named = new Thread(
                    () -> {
                        try {
                            inner[0] = Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/thread-self"))
                                    .getFileName()
                                    .toString());
                            found[0] = jvm.javaThreads().get(inner[0]);
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    },
                    "a thread with a name of more than fifteen bytes");
            named.start();
            named.join();
            assertThat(found[0].name()).isEqualTo(named.getName());
            assertThat(found[0].thread()).isSameAs(named);
        }
    }

    @Test
    void threadThatMayBeMissingIsAnnotated() throws Exception {
        assertThat(JvmProcess.JavaThread.class
                        .getMethod("thread")
                        .getAnnotatedReturnType()
                        .isAnnotationPresent(Nullable.class))
                .isTrue();
    }

    @Test
    void threadsOfAnotherJvmHaveTheNamesOfTheKernel() throws Exception {
        Process other = waiting();
        try (ProcessMaps maps = ProcessMaps.of(other.pid());
                JvmProcess jvm = JvmProcess.of(maps)) {
            Map<Integer, JvmProcess.JavaThread> threads = jvm.javaThreads();
            assertThat(threads).hasSizeGreaterThan(2);
            for (JvmProcess.JavaThread each : threads.values()) {
                Path task = Path.of("/proc/" + other.pid() + "/task/" + each.tid());
                assertThat(task).exists();
                assertThat(each.name()) // a thread sets its name after it has started
                        .isIn("java", Files.readString(task.resolve("comm")).strip());
                assertThat(each.thread()).isNull();
                assertThat(maps.snapshot().find(each.stackEnd() - 1)).isNotNegative();
            }
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void processWithoutAJvm() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try (ProcessMaps maps = ProcessMaps.of(cat.pid())) {
            assertThatThrownBy(() -> JvmProcess.of(maps))
                    .isInstanceOfSatisfying(
                            NotSupportedException.class,
                            e -> assertThat(e.missing()).isEqualTo(NotSupportedException.Missing.JVM))
                    .hasMessageContaining("no JVM in process " + cat.pid());
        } finally {
            cat.destroy();
        }
    }

    @Test
    void exitedJvm() throws Exception {
        Process other = waiting();
        try (ProcessMaps maps = ProcessMaps.of(other.pid());
                JvmProcess jvm = JvmProcess.of(maps)) {
            other.destroyForcibly().waitFor();
            assertThatThrownBy(jvm::flags).isInstanceOf(ProcessExitedException.class);
        }
    }

    @Test
    void closedJvmThrows() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            JvmProcess jvm = JvmProcess.of(maps);
            jvm.close();
            jvm.close();
            assertThatThrownBy(jvm::flags)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("this JvmProcess, JvmCodeReader or JvmResolver is closed");
        }
    }
}
