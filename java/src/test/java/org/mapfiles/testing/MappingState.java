package org.mapfiles.testing;

import java.util.ArrayList;
import java.util.List;
import org.mapfiles.Deletion;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingKind;

/** All that a window tells of a mapping, kept: to compare, and to show when a comparison fails. */
public record MappingState(MapsLine line, MappingKind kind, Deletion deletion, boolean fileBacked, boolean escaped, boolean ambiguous, int file) {
    public static MappingState of(Mapping mapping) {
        return new MappingState(MapsLine.of(mapping), mapping.kind(), mapping.deletion(), mapping.isFileBacked(), mapping.isNameEscaped(),
                mapping.isNameAmbiguous(), mapping.fileIndex());
    }

    /** The mappings of a picture, in its order. */
    public static List<MappingState> all(MapSnapshot snapshot) {
        List<MappingState> all = new ArrayList<>(snapshot.size());
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            all.add(of(mapping));
        }
        return all;
    }

    /** The same apart from the number of the file, which depends on what else is in the picture. */
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
