package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.SymbolCache;

/** Copies of programs and libraries of this machine, and changed versions of them. */
public final class ElfCopies {
    private static final int PT_LOAD = 1;
    private static final int EXECUTABLE = 1;

    private ElfCopies() {}

    /** Returns the program sleep(1); skips the test if it has no build ID, as musl's busybox. */
    public static byte[] sleep() throws IOException {
        return withBuildId(Path.of("/bin/sleep"));
    }

    /** Returns a small library that this JVM has mapped. */
    public static byte[] library() throws IOException {
        for (String name : List.of("/libm.so.6", "/libdl.so.2", "/librt.so.1", "/libpthread.so.0")) {
            try (ProcessMaps maps = ProcessMaps.self()) {
                for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                    if (mapping.isFileBacked() && String.valueOf(mapping.name()).endsWith(name)) {
                        return withBuildId(Path.of(String.valueOf(mapping.name())));
                    }
                }
            }
        }
        assumeTrue(false, "no library of the C library is mapped");
        throw new IllegalStateException();
    }

    private static byte[] withBuildId(Path file) throws IOException {
        assumeTrue(Files.isRegularFile(file), "no " + file);
        assumeTrue(!buildId(file).isEmpty(), file + " has no build ID");
        return Files.readAllBytes(file);
    }

    private static String buildId(Path file) throws IOException {
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            return cache.open(file).buildId().orElse("");
        }
    }

    /** Returns a file with another build ID. */
    public static byte[] anotherVersion(byte[] file) throws IOException {
        Path copy = Files.createTempFile("elf", null);
        byte[] id;
        try {
            Files.write(copy, file);
            id = HexFormat.of().parseHex(buildId(copy));
        } finally {
            Files.delete(copy);
        }
        byte[] changed = file.clone();
        int at = indexOf(file, id);
        assertThat(at).as("offset of the build ID").isPositive();
        changed[at] ^= 1;
        return changed;
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; i + part.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        return -1;
    }

    /** Returns a file with the same build ID and the same code, and with other bytes after them. */
    public static byte[] sameCode(byte[] file) {
        return Arrays.copyOf(file, file.length + 64);
    }

    /** Returns a file with the same build ID, and with another byte in the middle of its code. */
    public static byte[] otherCode(byte[] file) {
        byte[] changed = file.clone();
        ByteBuffer elf = ByteBuffer.wrap(changed).order(ByteOrder.nativeOrder());
        int headers = (int) elf.getLong(32);
        for (int i = 0; i < elf.getShort(56); i++) {
            int header = headers + i * 56;
            if (elf.getInt(header) == PT_LOAD && (elf.getInt(header + 4) & EXECUTABLE) != 0) {
                int middle = (int) (elf.getLong(header + 8) + elf.getLong(header + 32) / 2);
                changed[middle] ^= 1;
                return changed;
            }
        }
        throw new AssertionError("no executable segment");
    }

    /** Writes an executable file to another path, and renames it over the path: as a package manager does. */
    public static void install(Path path, byte[] file) throws IOException {
        Path temporary = path.resolveSibling(path.getFileName() + ".new");
        Files.write(temporary, file);
        assertThat(temporary.toFile().setExecutable(true, false)).isTrue();
        Files.move(
                temporary,
                path,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }
}
