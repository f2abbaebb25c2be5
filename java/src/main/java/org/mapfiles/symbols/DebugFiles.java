package org.mapfiles.symbols;

import java.io.File;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.internal.TrustedOwner;

/**
 * Finds a file with the whole symbol table of a program or library. It is used only if its build ID is that of the
 * mapped file; or, if the mapped file has no build ID, if its CRC is that of {@code .gnu_debuglink}. Nothing is read
 * from the network.
 */
final class DebugFiles {
    private static final byte[] DEBUG_ROOT = ascii("/usr/lib/debug");
    private static final String DEBUG_FILES = "/usr/lib/debug/.build-id/";
    private static final int MAX_LINK = 4096;
    private static final int MAX_COMPRESSED = 16 << 20;
    /** A target could make a file of any size. */
    private static final long MAX_CRC_BYTES = 1L << 30;

    /** Weak, because files in a cache outlive processes. Null: none. */
    private final @Nullable WeakReference<ProcessMaps> process;

    private final byte[] path;
    private boolean hasUnread;

    /**
     * @param process whose root is searched first; null: only the root of this process
     * @param path of the mapped file in that root
     */
    DebugFiles(@Nullable WeakReference<ProcessMaps> process, byte[] path) {
        this.process = process;
        this.path = path;
    }

    /**
     * Uses a candidate that matches, and keeps it open then; null: it lacks what is searched for. Elf is its
     * {@code struct mf_elf}. No lambdas implement it: the first lambda of a JVM takes milliseconds.
     */
    private interface Use<T> {
        @Nullable
        T of(SymbolInfo.Source source, ElfBytes candidate, NativeMemory elf);
    }

    /** Returns the symbols of the first file that matches and has a whole symbol table; null: there is none. */
    @Nullable
    SymbolTable find(ElfFile file, long maximum) {
        Use<SymbolTable> symbols = new Use<>() {
            @Override
            public @Nullable SymbolTable of(SymbolInfo.Source source, ElfBytes candidate, NativeMemory elf) {
                SymbolTable read = SymbolTable.read(source, candidate, elf, maximum);
                hasUnread |= read == null;
                return read != null && read.hasSymtab() && read.symbolCount() > 0 ? read : null;
            }
        };
        SymbolTable found = byBuildId(file, symbols);
        if (found == null) {
            found = byLink(file, symbols);
        }
        if (found == null) {
            found = miniDebugInfo(file, symbols, maximum);
        }
        return found != null ? found : inDebuginfodCache(file, symbols);
    }

    /** Returns whether symbols of a file that matches could not be read. */
    boolean hasUnread() {
        return hasUnread;
    }

    /** Returns the first file that matches and has source lines, open; null: there is none. */
    @Nullable
    LineFile findLines(ElfFile file) {
        Use<LineFile> lines = new Use<>() {
            @Override
            public @Nullable LineFile of(SymbolInfo.Source source, ElfBytes candidate, NativeMemory elf) {
                return hasLines(candidate) ? LineFile.of(candidate, source) : null;
            }
        };
        LineFile found = byBuildId(file, lines);
        if (found == null) {
            found = byLink(file, lines);
        }
        return found != null ? found : inDebuginfodCache(file, lines);
    }

    /** Returns whether a file has the line tables of DWARF, which may be compressed. */
    static boolean hasLines(ElfBytes file) {
        return file.hasSection(".debug_line") || file.hasSection(".zdebug_line");
    }

    private <T> @Nullable T byBuildId(ElfFile file, Use<T> use) {
        byte[] id = file.buildIdBytes();
        if (id.length < 2) {
            return null;
        }
        byte[] name = ascii(DEBUG_FILES + inDirectories(HexFormat.of().formatHex(id)) + ".debug");
        return inRoots(SymbolInfo.Source.DEBUG_FILE, name, file, -1, use);
    }

    private <T> @Nullable T inDebuginfodCache(ElfFile file, Use<T> use) {
        byte[] id = file.buildIdBytes();
        if (id.length < 2) {
            return null;
        }
        byte[] name = ascii(debuginfodCache() + "/" + HexFormat.of().formatHex(id) + "/debuginfo");
        return used(SymbolInfo.Source.DEBUGINFOD_CACHE, ElfFile.openPath(null, name), file, -1, use);
    }

    private static String inDirectories(String id) {
        return id.substring(0, 2) + "/" + id.substring(2);
    }

    /**
     * Returns where a file with a build ID may be, in the root of this process: programs and libraries, of which some
     * distributions have links by build ID, then debug files.
     *
     * @param id in hexadecimal, in lower case; no path if it is something else
     */
    static List<byte[]> pathsOf(String id) {
        if (!id.matches("([0-9a-f]{2}){2,64}")) {
            return List.of();
        }
        String downloaded = debuginfodCache() + "/" + id;
        return List.of(
                ascii("/usr/lib/.build-id/" + inDirectories(id)),
                ascii(downloaded + "/executable"),
                ascii(DEBUG_FILES + inDirectories(id) + ".debug"),
                ascii(downloaded + "/debuginfo"));
    }

    /** Returns the directory of debuginfod_find_debuginfo(3), which is that of its first releases if that exists. */
    private static String debuginfodCache() {
        String cache = System.getenv("DEBUGINFOD_CACHE_PATH");
        if (cache != null && !cache.isEmpty()) {
            return cache;
        }
        cache = System.getProperty("user.home") + "/.debuginfod_client_cache";
        if (new File(cache).isDirectory()) {
            return cache;
        }
        cache = System.getenv("XDG_CACHE_HOME");
        return (cache != null && !cache.isEmpty() ? cache : System.getProperty("user.home") + "/.cache")
                + "/debuginfod_client";
    }

    /** {@code .gnu_debuglink}: a name, padded to a multiple of four bytes, and a CRC. */
    private <T> @Nullable T byLink(ElfFile file, Use<T> use) {
        NativeMemory link = file.bytes.section(".gnu_debuglink", MAX_LINK);
        int slash = lastSlash(path);
        if (link == null || link.size() < 2 * Integer.BYTES || slash < 0) {
            return null;
        }
        byte[] name = new byte[link.size()];
        link.bytes().get(0, name);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        int crcAt = (length + 1 + 3) & ~3;
        name = Arrays.copyOf(name, length);
        if (length == 0 || crcAt + Integer.BYTES > link.size() || lastSlash(name) >= 0) {
            return null;
        }
        long crc = link.bytes().getInt(crcAt) & 0xffffffffL;
        byte[] directory = Arrays.copyOf(path, slash + 1);
        for (byte[] candidate : pathsOfLink(directory, name)) {
            T found = inRoots(SymbolInfo.Source.DEBUG_LINK, candidate, file, crc, use);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /**
     * Returns where a debug file of a name may be for a file in a directory: debuglink in the manual of GDB. Below
     * /usr/lib/debug, the directories of the root of the process are repeated, which it may have by chroot(2).
     */
    private List<byte[]> pathsOfLink(byte[] directory, byte[] name) {
        List<byte[]> paths = new ArrayList<>();
        paths.add(join(directory, name));
        paths.add(join(directory, ascii(".debug/"), name));
        ProcessMaps maps = process == null ? null : process.get();
        byte[] root = maps == null ? new byte[0] : ProcessRoot.read(maps);
        if (root.length > 1 && ProcessRoot.isBelow(root, directory)) {
            int length = root.length - 1; // without the slash at its end
            byte[] below = Arrays.copyOfRange(directory, length, directory.length);
            paths.add(join(Arrays.copyOf(root, length), DEBUG_ROOT, below, name));
        }
        paths.add(join(DEBUG_ROOT, directory, name));
        return paths;
    }

    private @Nullable SymbolTable miniDebugInfo(ElfFile file, Use<SymbolTable> use, long maximum) {
        NativeMemory compressed = file.bytes.section(".gnu_debugdata", MAX_COMPRESSED);
        if (compressed == null || compressed.size() == 0) {
            hasUnread |= compressed != null;
            return null;
        }
        NativeMemory content;
        try {
            content = MiniDebugInfo.decompress(compressed, (int) Math.min(maximum, Integer.MAX_VALUE - 1024));
        } catch (NoClassDefFoundError e) {
            file.setMiniDebugInfoUnread();
            hasUnread = true;
            return null;
        }
        hasUnread |= content == null;
        return content == null ? null : used(SymbolInfo.Source.MINI_DEBUG_INFO, ElfBytes.of(content), file, -1, use);
    }

    private <T> @Nullable T inRoots(SymbolInfo.Source source, byte[] name, ElfFile file, long crc, Use<T> use) {
        T found = null;
        ProcessMaps maps = process == null ? null : process.get();
        if (maps != null) {
            int descriptor = ElfFile.openPath(RootAccess.get().process(maps), name);
            Reference.reachabilityFence(maps);
            found = used(source, descriptor, file, crc, use);
        }
        return found != null ? found : used(source, ElfFile.openPath(null, name), file, crc, use);
    }

    private static <T> @Nullable T used(SymbolInfo.Source source, int descriptor, ElfFile file, long crc, Use<T> use) {
        ElfReadException.checkShortage(descriptor);
        return descriptor < 0 ? null : used(source, ElfBytes.of(descriptor), file, crc, use);
    }

    /**
     * Takes over a candidate. Returns null and closes it if it does not match, is not used, or cannot be read.
     *
     * @throws ElfReadException if descriptors or memory are used up
     */
    private static <T> @Nullable T used(
            SymbolInfo.Source source, ElfBytes candidate, ElfFile file, long crc, Use<T> use) {
        T result = null;
        try {
            NativeMemory elf = new NativeMemory(ElfRecord.SIZE_OF_ELF);
            if (candidate.isElf(elf) && matches(source, candidate, elf, file, crc)) {
                result = use.of(source, candidate, elf);
            }
            return result;
        } catch (ElfReadException e) {
            if (e.isShortage()) {
                throw e;
            }
            return null;
        } finally {
            if (result == null) {
                candidate.run();
            }
        }
    }

    /** {@code .gnu_debugdata} is a part of the mapped file. It may have no build ID of its own, but no other one. */
    private static boolean matches(
            SymbolInfo.Source source, ElfBytes candidate, NativeMemory elf, ElfFile file, long crc) {
        byte[] expected = file.buildIdBytes();
        byte[] id = new byte[elf.bytes().getInt(ElfRecord.BUILD_ID_LENGTH)];
        elf.bytes().get(ElfRecord.BUILD_ID, id);
        if (elf.bytes().getShort(ElfRecord.ELF_MACHINE) != file.elf.bytes().getShort(ElfRecord.ELF_MACHINE)
                || elf.bytes().getShort(ElfRecord.ELF_BITS) != file.elf.bytes().getShort(ElfRecord.ELF_BITS)) {
            return false;
        }
        if (source == SymbolInfo.Source.MINI_DEBUG_INFO) {
            return id.length == 0 || Arrays.equals(id, expected);
        }
        if (source != SymbolInfo.Source.DEBUGINFOD_CACHE && !isTrusted(candidate, file.bytes)) {
            return false;
        }
        return expected.length > 0
                ? Arrays.equals(id, expected)
                : crc >= 0 && candidate.size() <= MAX_CRC_BYTES && candidate.crc() == crc;
    }

    private static boolean isTrusted(ElfBytes candidate, ElfBytes mapped) {
        try {
            return TrustedOwner.isTrusted((int) candidate.owner(), (int) mapped.owner());
        } catch (IOException unknown) {
            return false;
        }
    }

    private static int lastSlash(byte[] name) {
        int at = name.length - 1;
        while (at >= 0 && name[at] != '/') {
            at--;
        }
        return at;
    }

    private static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
