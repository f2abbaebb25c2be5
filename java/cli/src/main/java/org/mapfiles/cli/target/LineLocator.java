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
    /** A number below it may be an offset in a file. Known if the libraries are. */
    private long endOfCode;

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
        boolean isOfMemory = line.kind() == InputLine.Kind.FRAME && !line.namesCode() && !line.hasNoFile();
        if (!line.isAddress() || isOfMemory || line.kind() == InputLine.Kind.ADDRESS) {
            return line;
        }
        if (libraries == null) {
            libraries = new LibraryOffsets(snapshot);
            endOfCode = endOfCode();
        }
        if (line.hasNoFile()) {
            return Long.compareUnsigned(line.address(), endOfCode) < 0
                    ? line.unusable("may be an offset in a file: print files too, by '"
                            + (line.isInlined() ? "perf script --no-inline'" : "perf script -F +dso'"))
                    : line;
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

    /** Returns the end of the offsets in files at which code is mapped. */
    private long endOfCode() {
        long end = 0;
        cursor.reset();
        while (cursor.next()) {
            if (cursor.isExecutable() && cursor.isFileBacked()) {
                end = Math.max(end, cursor.offset() + cursor.size());
            }
        }
        return end;
    }

    private static boolean isSameFile(String recorded, MapCursor mapping) {
        String name = mapping.name();
        return recorded.equals(name)
                || name != null && recorded.equals(name + FileName.DELETED_SUFFIX)
                || (recorded + FileName.DELETED_SUFFIX).equals(name);
    }
}
