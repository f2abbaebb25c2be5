package org.mapfiles.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.management.ObjectName;
import jdk.jfr.FlightRecorder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.ChildJvm.Outcome;

/** The agent is started by the option -javaagent, in a JVM with the library on the class path. */
class JavaAgentTest {
    @TempDir
    Path directory;

    /** An application that does not use the library. */
    static final class ApplicationMain {
        private ApplicationMain() {}

        public static void main(String[] arguments) throws Exception {
            boolean hasEvents = FlightRecorder.getFlightRecorder().getEventTypes().stream()
                    .anyMatch(type -> type.getName().equals("mapfiles.MemoryMapSummary"));
            boolean hasBean = ManagementFactory.getPlatformMBeanServer()
                    .isRegistered(new ObjectName("org.mapfiles:type=MapCount"));
            System.out.println("events " + hasEvents + ", bean " + hasBean);
        }
    }

    private Outcome run(String options, String... more) throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", JavaAgent.class.getName());
        Path jar = directory.resolve("agent.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            out.finish();
        }
        return new ChildJvm().with("-javaagent:" + jar + options).with(more).run(ApplicationMain.class);
    }

    @Test
    void startsBothWithoutOptions() throws Exception {
        Outcome outcome = run("");
        assertThat(outcome.output()).endsWith("events true, bean true\n");
        assertThat(outcome.exit()).isZero();
    }

    @Test
    void startsWhatTheOptionsName() throws Exception {
        assertThat(run("=mbean").output()).endsWith("events false, bean true\n");
        assertThat(run("=jfr").output()).endsWith("events true, bean false\n");
        assertThat(run("=jfr,mbean").output()).endsWith("events true, bean true\n");
    }

    @Test
    void anUnknownOptionEndsTheJvm() throws Exception {
        Outcome outcome = run("=jfr,mbeans");
        assertThat(outcome.output())
                .contains("the options of the mapfiles agent are jfr and mbean, separated by a comma, not: jfr,mbeans");
        assertThat(outcome.exit()).isNotZero();
    }

    @Test
    void theApplicationRunsIfTheLibraryCannotBeLoaded() throws Exception {
        Outcome outcome = run("=jfr,mbean", "-Dorg.mapfiles.library.path=/nowhere/libmapfiles.so");
        assertThat(outcome.output())
                .contains("mapfiles: the agent does not start jfr: ")
                .contains("mapfiles: the agent does not start mbean: ")
                .contains("/nowhere/libmapfiles.so")
                .endsWith("events false, bean false\n");
        assertThat(outcome.exit()).isZero();
    }
}
