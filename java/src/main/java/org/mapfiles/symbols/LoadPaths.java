package org.mapfiles.symbols;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.RootAccess;

/**
 * The paths by which a process loaded its program and its libraries. A path in maps is that of the file itself, after
 * all symbolic links; it changes when a directory is renamed. The path of a load is what a restart uses again.
 *
 * <p>The kernel passes the path of the program in the auxiliary vector (AT_EXECFN, getauxval(3)). The dynamic loader
 * keeps a list of the loaded files (r_debug, link.h), which glibc and musl lay out alike. Both are memory of the
 * process: every address is checked by reading it, and every count has a maximum.
 */
final class LoadPaths {
    private static final int AT_PHDR = 3;
    private static final int AT_PHENT = 4;
    private static final int AT_PHNUM = 5;
    private static final int AT_EXECFN = 31;
    private static final int MAX_VECTOR = 8192;

    private static final int PROGRAM_HEADER = 56; // of 64-bit programs, elf(5)
    private static final int MAX_HEADERS = 256;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_PHDR = 6;
    private static final int DT_DEBUG = 21;
    private static final int MAX_DYNAMIC = 1 << 16;

    private static final int MAX_FILES = 1 << 16;
    private static final int MAX_PATH = 4096;

    private final ProcessMaps maps;
    private final MapCursor mapping;
    private final Map<Integer, byte[]> paths = new HashMap<>();
    private int program = -1;
    private MapsException denial;
    /** Null: not read yet. */
    private byte[] root;

    private LoadPaths(ProcessMaps maps, MapSnapshot snapshot) {
        this.maps = maps;
        this.mapping = snapshot.cursor();
    }

    /**
     * Reads the paths.
     *
     * @param snapshot all mappings of files of the process
     */
    static LoadPaths read(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        LoadPaths paths = new LoadPaths(maps, snapshot);
        try {
            paths.read();
        } catch (ProcessExitedException | NotEnoughMemoryException e) {
            throw e;
        } catch (PermissionDeniedException e) {
            paths.denial = e;
        } catch (MapsException unreadable) {
            return paths; // those that were read
        }
        return paths;
    }

    /** Returns the absolute path of a load; null: unknown. */
    byte[] of(int fileIndex) {
        return paths.get(fileIndex);
    }

    /** Returns the file index of the program; -1: unknown. */
    int program() {
        return program;
    }

    /** Returns why the memory of the process cannot be read. */
    Optional<MapsException> denial() {
        return Optional.ofNullable(denial);
    }

    private void read() throws MapsException {
        Map<Long, Long> vector = vector();
        long headers = vector.getOrDefault((long) AT_PHDR, 0L);
        if (headers == 0 || vector.getOrDefault((long) AT_PHENT, 0L) != PROGRAM_HEADER) {
            return; // unknown, or a 32-bit program
        }
        program = fileAt(headers);
        add(program, vector.getOrDefault((long) AT_EXECFN, 0L));
        byte[] started = paths.get(program);
        byte[] interpreter = started == null ? null : interpreterOf(started);
        if (interpreter != null) {
            paths.put(program, interpreter);
        }
        long debug = debug(headers, vector.getOrDefault((long) AT_PHNUM, 0L));
        if (debug != 0) {
            readFiles(debug);
        }
    }

    private Map<Long, Long> vector() {
        Map<Long, Long> vector = new HashMap<>();
        int pid = RootAccess.get().pidAtProc(maps);
        if (pid == 0) {
            return vector;
        }
        try (InputStream in = Files.newInputStream(Path.of("/proc/" + pid + "/auxv"))) {
            ByteBuffer bytes = ByteBuffer.wrap(in.readNBytes(MAX_VECTOR)).order(ByteOrder.nativeOrder());
            while (bytes.remaining() >= 2 * Long.BYTES) {
                vector.put(bytes.getLong(), bytes.getLong());
            }
        } catch (IOException unknown) {
            vector.clear();
        }
        return vector;
    }

    /**
     * Returns the path of the interpreter of a file that was started; null: it has none. AT_EXECFN is the path of that
     * file, and the kernel puts the path of the interpreter before it in the arguments: load_misc_binary() in
     * fs/binfmt_misc.c, and load_script() in fs/binfmt_script.c for a script whose first line has no argument.
     */
    private byte[] interpreterOf(byte[] started) {
        byte[] arguments;
        try (InputStream in =
                Files.newInputStream(Path.of("/proc/" + RootAccess.get().pidAtProc(maps) + "/cmdline"))) {
            arguments = in.readNBytes(2 * MAX_PATH + 2);
        } catch (IOException unknown) {
            return null;
        }
        int end = length(arguments, 0);
        int second = end + 1;
        boolean isInterpreted = second < arguments.length
                && arguments[0] == '/'
                && Arrays.equals(arguments, second, second + length(arguments, second), started, 0, started.length)
                && !Arrays.equals(arguments, 0, end, started, 0, started.length);
        return isInterpreted ? Arrays.copyOf(arguments, end) : null;
    }

    /** Returns the number of bytes from an index up to the next NUL, or to the end. */
    private static int length(byte[] text, int from) {
        int to = from;
        while (to < text.length && text[to] != 0) {
            to++;
        }
        return to - from;
    }

    /** Returns the address of r_debug; 0: none, as in a static program. */
    private long debug(long headers, long count) throws MapsException {
        // prctl(2) lets a process write any number into its vector (PR_SET_MM_MAP)
        ByteBuffer table = memory(headers, (int) Math.max(0, Math.min(count, MAX_HEADERS)) * PROGRAM_HEADER);
        long bias = 0;
        long dynamic = 0;
        int length = 0;
        for (int at = 0; at + PROGRAM_HEADER <= table.limit(); at += PROGRAM_HEADER) {
            int type = table.getInt(at);
            long address = table.getLong(at + 16);
            if (type == PT_PHDR) {
                bias = headers - address;
            } else if (type == PT_DYNAMIC) {
                dynamic = address;
                length = (int) Math.max(0, Math.min(table.getLong(at + 40), MAX_DYNAMIC));
            }
        }
        ByteBuffer entries = dynamic == 0 ? ByteBuffer.allocate(0) : memory(bias + dynamic, length);
        for (int at = 0; at + 2 * Long.BYTES <= entries.limit(); at += 2 * Long.BYTES) {
            if (entries.getLong(at) == DT_DEBUG) {
                return entries.getLong(at + Long.BYTES);
            }
        }
        return 0;
    }

    /** Reads struct link_map of each file: its name, and the address of its dynamic section, which is in the file. */
    private void readFiles(long debug) throws MapsException {
        ByteBuffer first = memory(debug, 2 * Long.BYTES);
        long address = first.limit() < 2 * Long.BYTES ? 0 : first.getLong(Long.BYTES);
        for (int files = 0; address != 0 && files < MAX_FILES; files++) {
            ByteBuffer entry = memory(address, 4 * Long.BYTES);
            if (entry.limit() < 4 * Long.BYTES) {
                return;
            }
            int file = fileAt(entry.getLong(2 * Long.BYTES));
            if (file != program) { // whose name is empty, or what a program without AT_EXECFN was called by
                add(file, entry.getLong(Long.BYTES));
            }
            address = entry.getLong(3 * Long.BYTES);
        }
    }

    /** Moves to the mapping. Returns the file index; -1: none. */
    private int fileAt(long address) {
        return mapping.goTo(address) ? mapping.fileIndex() : -1;
    }

    /** Adds the path at an address. The file is that of the mapping. */
    private void add(int file, long address) throws MapsException {
        if (file < 0 || address == 0) {
            return;
        }
        byte[] text = memory(address, MAX_PATH).array();
        int length = length(text, 0);
        if (length < text.length && length > 0 && text[0] == '/' && isBelowRoot()) {
            paths.putIfAbsent(file, Arrays.copyOf(text, length));
        }
    }

    /**
     * Returns whether the file of the mapping is below the root of the process. Daemons load their libraries, and call
     * chroot(2) then: a path of these loads starts at an earlier root, and leads to another file now.
     */
    private boolean isBelowRoot() {
        if (root == null) {
            root = ProcessRoot.read(maps);
        }
        byte[] name = new byte[mapping.nameLength()];
        mapping.name(name, 0);
        return ProcessRoot.isBelow(root, name);
    }

    /** Returns bytes of the process; fewer, or none, if they cannot be read. */
    private ByteBuffer memory(long address, int length) throws MapsException {
        byte[] bytes = new byte[length];
        int count = maps.readMemory(address, bytes, 0, length);
        return ByteBuffer.wrap(Arrays.copyOf(bytes, Math.max(0, count))).order(ByteOrder.nativeOrder());
    }
}
