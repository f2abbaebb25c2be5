package org.mapfiles.cli.target;

import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.saved.LibraryOffsets;

/** Finds the addresses that lines of input mean in the mappings of a snapshot. */
public final class LineLocator {
    private final MapSnapshot snapshot;
    private final MapCursor cursor;
    /** Null: not read yet since the last refresh. */
    private LibraryOffsets libraries;

    public LineLocator(MapSnapshot snapshot) {
        this.snapshot = snapshot;
        this.cursor = snapshot.cursor();
    }

    /** Call this after the snapshot was refreshed. */
    public void reset() {
        cursor.reset();
        libraries = null;
    }

    /** Returns a line with its address, or with the reason why it cannot be used. */
    public InputLine locate(InputLine line) {
        if (!line.isAddress() || line.kind() == InputLine.Kind.FRAME && !line.namesCode()) {
            return line;
        }
        if (libraries == null) {
            libraries = new LibraryOffsets(snapshot);
        }
        if (line.kind() == InputLine.Kind.FRAME) {
            return locateFrame(line);
        }
        LibraryOffsets.Outcome outcome = libraries.find(line.name(), line.address());
        return outcome == LibraryOffsets.Outcome.FOUND ? line.at(libraries.address()) : line.unusable(outcome.reason());
    }

    /** Some versions of perf script print the address of a frame, others its offset in the file. The file decides. */
    private InputLine locateFrame(InputLine frame) {
        int index = snapshot.find(frame.address());
        boolean isAddress = index >= 0 && isSameFile(frame.name(), cursor.seek(index));
        LibraryOffsets.Outcome asOffset = libraries.findInFile(frame.name(), frame.address());
        if (isAddress && asOffset == LibraryOffsets.Outcome.FOUND && libraries.address() != frame.address()) {
            return frame.unusable("may be an address or an offset in the file");
        }
        if (isAddress) {
            return frame;
        }
        return asOffset == LibraryOffsets.Outcome.FOUND
                ? frame.at(libraries.address())
                : frame.unusable(index >= 0 ? "another file is mapped there" : asOffset.reason());
    }

    private static boolean isSameFile(String recorded, MapCursor mapping) {
        String name = mapping.name();
        return recorded.equals(name)
                || name != null && recorded.equals(name + FileName.DELETED_SUFFIX)
                || (recorded + FileName.DELETED_SUFFIX).equals(name);
    }
}
