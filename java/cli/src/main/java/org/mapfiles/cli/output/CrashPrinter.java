package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.FileCheck;
import org.mapfiles.saved.SavedMaps;

/**
 * Prints a crash: what each of its addresses belongs to, and whether the files are still the same. Each file is checked
 * once.
 */
public abstract class CrashPrinter {
    private final SavedMaps saved;
    private final MapCursor cursor;
    private final Map<Integer, FileCheck> checks = new HashMap<>();

    CrashPrinter(SavedMaps saved) {
        this.saved = saved;
        this.cursor = saved.snapshot().cursor();
    }

    /** Prints the crash and its addresses. */
    public final void print(Crash crash) throws IOException {
        begin(crash);
        for (Crash.Address address : crash.addresses()) {
            int index = address.isKnown() ? saved.snapshot().find(address.address()) : -1;
            boolean isInStack = address.isKnown() && crash.isInStack(address.address());
            boolean isContradicted = address.isKnown() && saved.isContradicted(address.address());
            print(address, index < 0 || isContradicted ? null : cursor.seek(index), isInStack, isContradicted);
        }
        end();
    }

    abstract void begin(Crash crash) throws IOException;

    /**
     * Prints an address.
     *
     * @param mapping of the address; null: none, or it is uncertain
     * @param isInStack whether the address is in the stack of the thread that crashed
     * @param isContradicted whether lines of the file contradict each other about the address
     */
    abstract void print(Crash.Address address, MapCursor mapping, boolean isInStack, boolean isContradicted)
            throws IOException;

    abstract void end() throws IOException;

    final String permissions(MapCursor mapping) {
        return saved.permissions(mapping);
    }

    /** Returns whether the file of a mapping is still the same; null if the mapping has no file. */
    final FileCheck check(MapCursor mapping) {
        return mapping == null || !mapping.isFileBacked()
                ? null
                : checks.computeIfAbsent(mapping.fileIndex(), file -> saved.check(mapping));
    }

    /** Returns a build ID in hexadecimal; null if it is unknown. */
    static String buildId(FileCheck check) {
        return check == null
                ? null
                : check.buildId().map(CrashPrinter::hexadecimal).orElse(null);
    }

    private static String hexadecimal(byte[] bytes) {
        StringBuilder text = new StringBuilder(2 * bytes.length);
        for (byte b : bytes) {
            text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return text.toString();
    }
}
