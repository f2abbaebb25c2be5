package org.mapfiles.internal;

import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * libmapfiles.so as a resource of this library. If that is a jar, the content is read only when it is needed: most JVMs
 * find an intact copy, for which size and CRC are compared. An interpreted comparison of the bytes would take longer.
 */
final class LibraryInJar implements Closeable {
    private final String name;
    /** The jar is read directly, which halves the time: the first resource stream of a JVM is slow. Null: no jar. */
    private final @Nullable ZipFile jar;

    private byte @Nullable [] content;

    /** @param name of the resource, without a slash at the beginning */
    LibraryInJar(String name) {
        this.name = name;
        this.jar = ownJar();
    }

    private static @Nullable ZipFile ownJar() {
        try {
            URL location =
                    LibraryInJar.class.getProtectionDomain().getCodeSource().getLocation();
            File file = new File(location.getPath());
            return location.getProtocol().equals("file") && file.isFile() ? new ZipFile(file) : null;
        } catch (IOException | RuntimeException elsewhere) {
            return null; // a jar in a jar, a security manager, or a path with escapes: the resource stream is used
        }
    }

    /** Returns the SHA-256 of the content in hexadecimal, which the build computed. */
    String hash() throws IOException {
        return new String(read(name + ".sha256"), StandardCharsets.US_ASCII).strip();
    }

    byte[] content() throws IOException {
        byte[] bytes = content;
        if (bytes == null) {
            bytes = read(name);
            content = bytes;
        }
        return bytes;
    }

    /** Returns whether a file has the same size and CRC. */
    boolean isCopiedTo(Path file) throws IOException {
        byte[] copy;
        try (InputStream in = new FileInputStream(file.toString())) { // the first use of a channel takes 2 ms
            copy = in.readAllBytes();
        }
        ZipEntry entry = jar == null ? null : jar.getEntry(name);
        return entry != null
                ? copy.length == entry.getSize() && crc(copy) == entry.getCrc()
                : copy.length == content().length && crc(copy) == crc(content());
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    private byte[] read(String resource) throws IOException {
        ZipEntry entry = jar == null ? null : jar.getEntry(resource);
        try (InputStream in =
                entry == null ? LibraryInJar.class.getResourceAsStream("/" + resource) : jar.getInputStream(entry)) {
            if (in == null) {
                throw new IOException("this mapfiles jar has no " + resource
                        + ": use a jar for this machine, or name a library with -D" + NativeLibrary.PATH_PROPERTY
                        + "=");
            }
            return in.readAllBytes();
        }
    }

    @Override
    public void close() throws IOException {
        if (jar != null) {
            jar.close();
        }
    }
}
