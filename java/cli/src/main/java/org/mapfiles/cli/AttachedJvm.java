package org.mapfiles.cli;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;

/** Another JVM, asked through the attach mechanism. */
final class AttachedJvm {
    private static final long SIGQUIT = 1L << 2;

    private final ProcessMaps maps;

    AttachedJvm(ProcessMaps maps) {
        this.maps = maps;
    }

    /** What each part of its memory is for. */
    List<JvmPart> parts() throws IOException {
        List<JvmPart> parts = new ArrayList<>();
        DataInputStream in = ask();
        for (int count = in.readInt(); count > 0; count--) {
            parts.add(JvmPart.read(in));
        }
        return parts;
    }

    /** What addresses are; some. */
    List<JvmWhat> whats(long[] addresses) throws IOException {
        List<JvmWhat> whats = new ArrayList<>();
        DataInputStream in = ask(addresses);
        for (int i = 0; i < addresses.length; i++) {
            whats.add(JvmWhat.read(in));
        }
        return whats;
    }

    private DataInputStream ask(long... addresses) throws IOException {
        check();
        Path directory = Files.createTempDirectory("mapfiles-jvm-").toRealPath();
        try {
            Path request = newFile(directory.resolve("request"));
            try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(request)))) {
                out.writeUTF(classPath());
                out.writeInt(addresses.length);
                for (long address : addresses) {
                    out.writeLong(address);
                }
            }
            Path answer = newFile(directory.resolve("answer"));
            Path agent = writeAgent(directory.resolve("agent.jar"));
            giveTo(directory, request, answer, agent);
            load(agent, directory.toString());
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(Files.readAllBytes(answer)));
            if (!in.readBoolean()) {
                throw new IOException("the JVM of process " + maps.pid() + " cannot tell: " + in.readUTF());
            }
            return in;
        } finally {
            for (String name : new String[] {"request", "answer", "agent.jar"}) {
                Files.deleteIfExists(directory.resolve(name));
            }
            Files.delete(directory);
        }
    }

    private static Path newFile(Path path) throws IOException {
        return Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /** Attaching sends a signal that ends a program which is no JVM, or not yet one: that is looked at first. */
    private void check() throws IOException {
        boolean isJvm = false;
        for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
            String name = mapping.name();
            isJvm |= name != null && name.endsWith("/libjvm.so");
        }
        if (!isJvm) {
            throw new IOException("process " + maps.pid() + " is no JVM: it has no libjvm.so");
        }
        String caught = status("SigCgt");
        if (caught != null && (Long.parseUnsignedLong(caught, 16) & SIGQUIT) == 0) {
            throw new IOException("the JVM of process " + maps.pid() + " takes no requests: it has just begun, or was started with -Xrs; "
                    + "try again, or start it without");
        }
    }

    private String status(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + maps.pid() + "/status"))) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1).strip();
            }
        }
        return null;
    }

    /** What root makes for a JVM of another user belongs to that one; but the directory, in which it must not exchange anything. */
    private void giveTo(Path directory, Path... files) throws IOException {
        int effective = Integer.parseInt(String.valueOf(status("Uid")).split("\\s+")[1]);
        if (Files.getAttribute(directory, "unix:uid").equals(effective)) {
            return;
        }
        try {
            for (Path file : files) {
                Files.setAttribute(file, "unix:uid", effective);
            }
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        } catch (IOException notRoot) {
            throw new IOException("process " + maps.pid() + " belongs to the user of number " + effective
                    + ": run mapfiles jvm as that user, or as root");
        }
    }

    /** A jar with the one class that joins the other JVM's. */
    private static Path writeAgent(Path jar) throws IOException {
        String name = JvmAgent.class.getName().replace('.', '/') + ".class";
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(new Attributes.Name("Agent-Class"), JvmAgent.class.getName());
        try (InputStream in = JvmAgent.class.getResourceAsStream("/" + name); OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out, manifest)) {
            entries.putNextEntry(new JarEntry(name));
            in.transferTo(entries);
        }
        return jar;
    }

    /** Where the command's and the library's classes come from: one jar, or folders. */
    private static String classPath() throws IOException {
        Set<String> entries = new LinkedHashSet<>();
        for (Class<?> type : new Class<?>[] {JvmTeller.class, JvmRegions.class}) {
            try {
                entries.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toRealPath().toString());
            } catch (URISyntaxException e) {
                throw new IOException("the path of " + type.getName() + " is none: " + e.getMessage());
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private void load(Path agent, String arguments) throws IOException {
        String jvm = "the JVM of process " + maps.pid();
        try {
            VirtualMachine machine = VirtualMachine.attach(Integer.toString(maps.pid()));
            try {
                String version = machine.getSystemProperties().getProperty("java.specification.version", "");
                if (version.startsWith("1.") || Integer.parseInt(version) < 17) {
                    throw new IOException(jvm + " is Java " + version + ", and this takes 17 or newer");
                }
                machine.loadAgent(agent.toString(), arguments);
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException(jvm + " lets nobody attach (" + e.getMessage() + "): run this as its user, and start it without "
                    + "-XX:+DisableAttachMechanism", e);
        } catch (AgentLoadException e) {
            throw new IOException(jvm + " loads no agent (" + e.getMessage() + "): start it with -XX:+EnableDynamicAgentLoading", e);
        } catch (AgentInitializationException e) {
            throw new IOException(jvm + " could not run what asks it (" + e.getMessage() + "): its standard error says why", e);
        } catch (NoClassDefFoundError withoutAttach) {
            throw new IOException("this Java has no jdk.attach to ask another JVM with: run mapfiles with a JDK", withoutAttach);
        }
    }
}
