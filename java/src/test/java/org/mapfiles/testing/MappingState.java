package org.mapfiles.testing;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;

/** All fields of a mapping, for comparisons and their messages. */
public record MappingState(
        MapsLine line,
        Mapping.Kind kind,
        Deletion deletion,
        boolean fileBacked,
        boolean escaped,
        boolean ambiguous,
        int file) {
    public static MappingState of(Mapping mapping) {
        return new MappingState(
                MapsLine.of(mapping),
                mapping.kind(),
                mapping.deletion(),
                mapping.isFileBacked(),
                mapping.isNameEscaped(),
                mapping.isNameAmbiguous(),
                mapping.fileIndex());
    }

    /** Returns the mappings of a snapshot, in its order. */
    public static List<MappingState> all(MapSnapshot snapshot) {
        List<MappingState> all = new ArrayList<>(snapshot.size());
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            all.add(of(mapping));
        }
        return all;
    }

    /** Returns the same without the file index, which depends on the other mappings of the snapshot. */
    public MappingState withoutFile() {
        return new MappingState(line, kind, deletion, fileBacked, escaped, ambiguous, 0);
    }

    public boolean has(char permission) {
        return line.permissions().indexOf(permission) >= 0;
    }

    @Override
    public String toString() {
        return line.render().strip() + " {" + kind + ", " + deletion + (fileBacked ? ", file " + file : "")
                + (escaped ? ", escaped" : "") + (ambiguous ? ", ambiguous" : "") + "}";
    }
}
