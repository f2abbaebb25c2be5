package org.mapfiles.symbols;

import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.OpenProcess;
import org.mapfiles.internal.RootAccess;

/**
 * The load bias of a mapping: an address minus its ELF address. If the pages of several segments cover the mapping, or
 * none with its permissions does, the other mappings of the process decide. The rules are those of
 * {@code mf_elf_load_bias_among} in mapfiles_symbols.h.
 */
final class LoadBias {
    private LoadBias() {}

    /**
     * Looks up the other mappings in the snapshot of a cursor.
     *
     * @param copy receives the mapping in any case
     * @param out receives the load bias
     * @return false also if the mapping is not a cursor's
     */
    static boolean findInSnapshot(NativeMemory elf, Mapping mapping, NativeMemory copy, NativeMemory out) {
        Object snapshot = RootAccess.get().snapshot(mapping);
        if (snapshot == null) {
            RootAccess.get().copy(mapping, copy);
            return false;
        }
        synchronized (snapshot) { // no other thread may read into the snapshot during the call
            RootAccess.get().copy(mapping, copy);
            return findIn((MapSnapshot) snapshot, elf, copy, out);
        }
    }

    /**
     * Looks up the other mappings that the process has now.
     *
     * @param mapping as {@link #findInSnapshot} has copied it
     * @param out receives the load bias
     * @return false also if the process has exited
     */
    static boolean findNow(ProcessMaps maps, NativeMemory elf, NativeMemory mapping, NativeMemory out)
            throws MapsException {
        OpenProcess process = RootAccess.get().process(maps);
        if (!process.mayEnter()) {
            return false;
        }
        int rc;
        try {
            rc = find(elf, mapping, 0, process.memory.address(), out);
        } finally {
            process.leave();
        }
        if (rc != Errno.ENOTTY) {
            return rc == 0;
        }
        try { // Linux before 6.11 has no PROCMAP_QUERY
            return findIn(maps.snapshot(), elf, mapping, out);
        } catch (ProcessExitedException e) {
            return false;
        }
    }

    private static boolean findIn(MapSnapshot snapshot, NativeMemory elf, NativeMemory mapping, NativeMemory out) {
        NativeMemory mappings = RootAccess.get().buffer(snapshot).memory;
        int rc = find(elf, mapping, mappings.address(), 0, out);
        mappings.keepUntilHere();
        return rc == 0;
    }

    private static int find(NativeMemory elf, NativeMemory mapping, long snapshot, long process, NativeMemory out) {
        int rc = NativeCalls.elfLoadBias(elf.address(), mapping.address(), snapshot, process, out.address());
        elf.keepUntilHere();
        mapping.keepUntilHere();
        out.keepUntilHere();
        return rc;
    }
}
