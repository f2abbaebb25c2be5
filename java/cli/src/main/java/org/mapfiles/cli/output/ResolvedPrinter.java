package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Prints resolved addresses. What is the same for all addresses of a mapping is made once for each picture. */
public abstract class ResolvedPrinter {
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final MapCursor cursor;
    private FileName[] names = {};
    private boolean unresolved;
    private Map<Long, AddressReport> whats = Map.of();

    public ResolvedPrinter(ProcessMaps maps, MapSnapshot snapshot) {
        this.maps = maps;
        this.snapshot = snapshot;
        this.cursor = snapshot.cursor();
    }

    /** What addresses are to the JVM that the process is. */
    public final void know(Map<Long, AddressReport> known) {
        whats = known;
    }

    /** What the JVM knows of an address; null: it was not asked. */
    public final AddressReport what(long address) {
        return whats.get(address);
    }

    /** Prints one address that lies in the mapping of an index, or in none. */
    public final void print(long address, int index) throws IOException {
        if (index < 0) {
            unresolved = true;
            printUnresolved(address);
        } else {
            printResolved(address, index, cursor.seek(index));
        }
    }

    public abstract void printResolved(long address, int index, MapCursor mapping) throws IOException;

    public abstract void printUnresolved(long address) throws IOException;

    /** Hands on what was printed so far. */
    public abstract void flush() throws IOException;

    /** Ends the output. */
    public void finish() throws IOException {
        flush();
    }

    /** The snapshot shows a new picture. */
    public void forget() {
        names = new FileName[0];
        cursor.reset();
    }

    public final FileName name(int index, MapCursor mapping) throws IOException {
        if (index >= names.length) {
            names = Arrays.copyOf(names, snapshot.size());
        }
        if (names[index] == null) {
            names[index] = FileName.of(maps, mapping);
        }
        return names[index];
    }

    public final boolean hasUnresolved() {
        return unresolved;
    }
}
