package org.mapfiles.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * The jar with the one class that joins another JVM's. A JVM that was attached to has its path among those of its classes until it
 * ends, and may look there at any time: so it is kept for good, at one path, where nobody else can put another.
 */
final class AgentJar {
    private AgentJar() {
    }

    /** Its path in a directory that only this user can write to: made, unless it is there as it is to be. */
    static Path in(Path directory) throws IOException {
        Path jar = directory.resolve("agent.jar");
        byte[] content = content();
        if (!Files.isRegularFile(jar, LinkOption.NOFOLLOW_LINKS) || !Arrays.equals(Files.readAllBytes(jar), content)) {
            Path draft = Files.createTempFile(directory, "agent-", ".draft");
            try {
                Files.write(draft, content);
                Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
                Files.move(draft, jar, StandardCopyOption.ATOMIC_MOVE); // a JVM that has the one before open keeps it
            } finally {
                Files.deleteIfExists(draft);
            }
        }
        return jar;
    }

    /** The same bytes each time. */
    private static byte[] content() throws IOException {
        String name = JvmAgent.class.getName().replace('.', '/') + ".class";
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(new Attributes.Name("Agent-Class"), JvmAgent.class.getName());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream in = JvmAgent.class.getResourceAsStream("/" + name); JarOutputStream out = new JarOutputStream(bytes)) {
            out.putNextEntry(entry("META-INF/MANIFEST.MF"));
            manifest.write(out);
            out.putNextEntry(entry(name));
            in.transferTo(out);
        }
        return bytes.toByteArray();
    }

    private static JarEntry entry(String name) {
        JarEntry entry = new JarEntry(name);
        entry.setTime(0);
        return entry;
    }
}
